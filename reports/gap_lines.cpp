#include "reports/gap_lines.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

namespace isoaudit::reports {
namespace {

/// Inputs that are named in the line of many.
constexpr std::size_t named_of_many = 3;

constexpr std::string_view head = "does not compile: ";

/// "numpy/arrayobject.h" of "'numpy/arrayobject.h' file not found"; empty when that is not what is wrong.
std::string missing_header(const std::string& reason) {
  const std::size_t end = reason.find("' file not found");
  if (!reason.starts_with(head) || end == std::string::npos || end == 0) return {};
  const std::size_t start = reason.rfind('\'', end - 1);
  return start == std::string::npos ? std::string() : reason.substr(start + 1, end - start - 1);
}

/// The library that a header belongs to, "numpy/"; a header of no folder stands for itself.
std::string library_of(const std::string& header) {
  const std::size_t slash = header.starts_with('.') || header.starts_with('/') ? std::string::npos : header.find('/');
  return slash == std::string::npos ? header : header.substr(0, slash + 1);
}

/// What many units may have in common: headers of one library that are not there, the first error in a header of
/// theirs.
std::string common_reason(const std::string& reason) {
  if (!reason.starts_with(head)) return reason;
  if (const std::string header = missing_header(reason); !header.empty()) return "lack " + library_of(header);
  // How many more there are is each one's own.
  return "do not compile: " + reason.substr(head.size(), reason.rfind(" (and ") - head.size());
}

/// "do not compile: 'numpy/arrayobject.h' and 2 more headers of numpy/ not found".
std::string reason_of_all(const std::string& common, const std::vector<const model::Gap*>& gaps) {
  std::set<std::string> headers;
  for (const model::Gap* gap : gaps) headers.insert(missing_header(gap->reason));
  if (headers.contains("")) return common;
  const std::string first = missing_header(gaps.front()->reason);
  if (headers.size() == 1) return fmt::format("do not compile: '{}' file not found", first);
  const std::string others =
      headers.size() == 2 ? "another header" : fmt::format("{} more headers", headers.size() - 1);
  return fmt::format("do not compile: '{}' and {} of {} not found", first, others, library_of(first));
}

}  // namespace

std::string gap_lines(const std::vector<model::Gap>& gaps, bool all) {
  std::map<std::string, std::vector<const model::Gap*>> alike;
  for (const model::Gap& gap : gaps) alike[common_reason(gap.reason)].push_back(&gap);
  std::string text;
  for (const model::Gap& gap : gaps) {
    const auto& [reason, inputs] = *alike.find(common_reason(gap.reason));
    if (all || inputs.size() <= named_of_many + 1) {
      text += fmt::format("  {}: {}\n", gap.input, gap.reason);
      continue;
    }
    if (inputs.front() != &gap) continue;
    std::string names;
    for (std::size_t i = 0; i < named_of_many; ++i) names += (i == 0 ? "" : ", ") + inputs[i]->input;
    text +=
        fmt::format("  {} and {} more (-v): {}\n", names, inputs.size() - named_of_many, reason_of_all(reason, inputs));
  }
  return text;
}

}  // namespace isoaudit::reports
