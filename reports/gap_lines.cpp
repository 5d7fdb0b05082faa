#include "reports/gap_lines.h"

#include <fmt/format.h>

#include <map>
#include <string_view>

namespace isoaudit::reports {
namespace {

/// Inputs that are named in the line of many.
constexpr std::size_t named_of_many = 3;

/// What many units may have in common: "'numpy/arrayobject.h' file not found", the first error in a header of theirs.
std::string common_reason(const std::string& reason) {
  constexpr std::string_view head = "does not compile: ";
  if (!reason.starts_with(head)) return reason;
  constexpr const char* words = "' file not found";
  const std::size_t end = reason.find(words);
  const std::size_t start = end == std::string::npos || end == 0 ? end : reason.rfind('\'', end - 1);
  if (end != std::string::npos && start != std::string::npos) {
    return "do not compile: " + reason.substr(start, end - start) + words;
  }
  // How many more there are is each one's own.
  return "do not compile: " + reason.substr(head.size(), reason.rfind(" (and ") - head.size());
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
    text += fmt::format("  {} and {} more (-v): {}\n", names, inputs.size() - named_of_many, reason);
  }
  return text;
}

}  // namespace isoaudit::reports
