#include "rules/not_exercised.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace isoaudit::rules {
namespace {

constexpr std::size_t kShown = 3;

bool is_about(const model::Finding& finding, const model::CodeWrite& write) {
  const model::Subject& subject = finding.subject;
  if (write.symbol.empty()) return subject.address == fmt::format("{}+0x{:x}", write.section, write.offset);
  return !subject.linkage_name.empty() ? subject.linkage_name == write.symbol
                                       : subject.name == write.symbol || subject.name == write.name;
}

/// A step of some level left another value there, or tracking saw the store.
bool was_seen(const model::RunFacts& run, const model::CodeWrite& write) {
  return std::ranges::any_of(run.phases, [&](const model::Phase& phase) {
    return std::ranges::any_of(phase.changed, [&](const model::ChangedWord& word) {
      if (!word.library.empty()) return false;
      if (!write.symbol.empty()) return word.linkage_name == write.symbol || word.symbol == write.name;
      return word.section == write.section && word.offset >= write.offset &&
             word.offset - write.offset < std::max<std::uint64_t>(write.size, 1);
    });
  });
}

/// "method `lookup`" of "method `lookup` → lookup() → store()"; empty where the way begins at a plain function.
std::string_view python_name(std::string_view path) {
  const std::string_view first = path.substr(0, path.find(" → "));
  return first.ends_with('`') ? first : std::string_view();
}

}  // namespace

std::string not_exercised(const model::BinaryFacts& binary, const model::RunFacts& run,
                          const std::vector<model::Finding>& against) {
  std::map<std::string, std::set<std::string>> by_caller;
  for (const model::CodeWrite& write : binary.code.writes) {
    const auto called = std::ranges::find(write.reached, model::RunsWhen::call, &model::Reached::when);
    if (called == write.reached.end() || python_name(called->path).empty() || was_seen(run, write)) continue;
    const auto finding = std::ranges::find_if(against, [&](const model::Finding& f) { return is_about(f, write); });
    if (finding == against.end()) continue;
    const std::string& name = finding->subject.name.empty() ? finding->subject.address : finding->subject.name;
    by_caller[std::string(python_name(called->path))].insert(name);
  }
  std::string text;
  std::size_t shown = 0;
  for (const auto& [caller, variables] : by_caller) {
    if (++shown > kShown) break;
    if (shown > 1) text += ", ";
    text += fmt::format("{} (writes `{}`{})", caller, *variables.begin(),
                        variables.size() > 1 ? fmt::format(" and {} more", variables.size() - 1) : "");
  }
  if (by_caller.size() > kShown) text += fmt::format(" and {} more", by_caller.size() - kShown);
  return text;
}

}  // namespace isoaudit::rules
