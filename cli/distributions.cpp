#include "cli/distributions.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "cli/distributions_py.h"
#include "loader_probe/host/child_process.h"

namespace isoaudit::cli {
namespace {

using analyzer::Requirement;
using Record = std::vector<std::string>;

constexpr double answer_seconds = 60;

/// Stops at what is no whole record.
std::vector<Record> parse_records(std::string_view text) {
  std::vector<Record> records;
  const auto field = [&]() -> std::string {
    const std::size_t end = text.find('\0');
    std::string found(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return found;
  };
  while (!text.empty()) {
    const std::string count_text = field();
    std::size_t count = 0;
    std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
    if (count < 2) break;
    Record record;
    while (record.size() < count && !text.empty()) record.push_back(field());
    if (record.size() != count) break;
    records.push_back(std::move(record));
  }
  return records;
}

std::string not_installed(const Requirement& wanted, const model::Interpreter& interpreter, const std::string& near) {
  const std::string hint = near.empty() ? "" : fmt::format("; did you mean {}?", near);
  if (wanted.where.empty()) {
    return fmt::format("is neither a file nor a folder, and Python {} has no distribution of that name{}",
                       interpreter.id, hint);
  }
  return fmt::format("is not installed for Python {} ({}){}", interpreter.id, wanted.where, hint);
}

void take(const Record& record, const Requirement& wanted, const model::Interpreter& interpreter,
          Distributions& found) {
  const std::string& kind = record.front();
  const auto gap = [&](const std::string& reason) { found.gaps.push_back({wanted.name, reason}); };
  if (kind == "missing" && record.size() == 3) return gap(not_installed(wanted, interpreter, record[2]));
  if (kind == "failed" && record.size() == 3) {
    return gap(fmt::format("its metadata for Python {} cannot be read: {}", interpreter.id, record[2]));
  }
  if (kind == "no-list") {
    return gap(fmt::format("is installed for Python {}, but nothing says which files belong to it: name its folder",
                           interpreter.id));
  }
  if (kind == "editable" && record.size() == 5) return found.projects.push_back(record[4]);
  if (kind != "installed" || record.size() < 5) return;
  analyzer::Distribution distribution{wanted.name, record[2], record[3], interpreter.id, record[4], {}};
  distribution.files.assign(record.begin() + 5, record.end());
  found.installed.push_back(std::move(distribution));
}

}  // namespace

Distributions find_distributions(const std::vector<Requirement>& wanted, const model::Interpreter& interpreter) {
  Distributions found;
  if (wanted.empty()) return found;
  loader_probe::ChildRequest request;
  request.executable = interpreter.executable;
  // -I, not -S: without the site module it would not look into site-packages.
  request.arguments = {"-I", "-c", distributions_source};
  for (const Requirement& requirement : wanted) {
    request.arguments.push_back(requirement.name);
    request.arguments.push_back(requirement.marker);
  }
  request.environment = loader_probe::inherited({"PATH", "HOME", "LD_LIBRARY_PATH"});
  request.limits.seconds = answer_seconds;
  const loader_probe::ChildResult child = run_child(request);
  const std::vector<Record> records = parse_records(child.events);
  // One record for each question, in their order.
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i < records.size() && records[i][1] == wanted[i].name) {
      take(records[i], wanted[i], interpreter, found);
    } else {
      found.gaps.push_back(
          {wanted[i].name, fmt::format("Python {} could not be asked whether it is installed", interpreter.id)});
    }
  }
  return found;
}

}  // namespace isoaudit::cli
