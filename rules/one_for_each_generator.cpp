#include "rules/one_for_each_generator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace isoaudit::rules {
namespace {

using model::Finding;

/// File, module, generator, what its user can do, columns.
using Key = std::tuple<std::string, std::string, std::string, std::string, std::vector<std::string>>;

bool is_one_of_many(const Finding& finding) {
  return !finding.generator.empty() && finding.status > model::Status::confirmed;
}

Key key_of(const Finding& finding) {
  return {finding.where.file, finding.module, finding.generator, finding.fix, finding.pythons};
}

bool is_worse(const Finding* a, const Finding* b) {
  return std::tie(a->severity, a->status) < std::tie(b->severity, b->status);
}

Finding gathered(std::vector<const Finding*> group) {
  std::ranges::stable_sort(group, is_worse);
  Finding one = *group.front();
  std::set<std::string> rules;
  one.because.clear();
  for (const Finding* part : group) {
    rules.insert(part->rule);
    one.because.insert(one.because.end(), part->because.begin(), part->because.end());
    one.parts.push_back({part->rule, part->severity, part->status, part->where, part->message, part->because});
  }
  one.subject = {"code of " + one.generator, "", one.subject.unit, ""};
  one.message =
      fmt::format("what {} generates breaks {}: {}", one.generator,
                  rules.size() == 1 ? "a rule" : fmt::format("{} rules", rules.size()), fmt::join(rules, ", "));
  return one;
}

}  // namespace

std::vector<Finding> one_for_each_generator(const std::vector<Finding>& findings) {
  std::map<Key, std::vector<const Finding*>> groups;
  for (const Finding& finding : findings) {
    if (is_one_of_many(finding)) groups[key_of(finding)].push_back(&finding);
  }
  std::vector<Finding> ones;
  for (const Finding& finding : findings) {
    const auto group = is_one_of_many(finding) ? groups.find(key_of(finding)) : groups.end();
    if (group == groups.end() || group->second.size() == 1) {
      ones.push_back(finding);
    } else if (group->second.front() == &finding) {
      ones.push_back(gathered(group->second));
    }
  }
  return ones;
}

}  // namespace isoaudit::rules
