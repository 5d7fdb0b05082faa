#include "rules/one_for_each_generator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "rules/fold.h"

namespace isoaudit::rules {
namespace {

using model::Finding;

/// Module, generator, what its user can do.
using Cause = std::tuple<std::string, std::string, std::string>;
/// File, and the columns that its source was read for.
using Place = std::pair<std::string, std::vector<std::string>>;
using Groups = std::map<Cause, std::map<Place, std::vector<const Finding*>>>;

bool has_line(const Finding& finding) { return finding.where.line > 0; }

class Grouping {
 public:
  Grouping(const std::vector<Finding>& findings, const std::vector<std::string>& own_gil) : own_gil_(own_gil) {
    // What runs and machine code say of a module goes to its source, where that was read.
    for (const bool of_source : {true, false}) {
      for (const Finding& finding : findings) {
        if (is_one_of_many(finding) && has_line(finding) == of_source) group_of(finding).push_back(&finding);
      }
    }
  }

  /// Who is of one group stands in it with the others; empty for who stands alone.
  const std::vector<const Finding*>& with(const Finding& finding) {
    static const std::vector<const Finding*> none;
    return is_one_of_many(finding) ? group_of(finding) : none;
  }

 private:
  bool is_one_of_many(const Finding& finding) const {
    if (finding.generator.empty()) return false;
    return finding.status > model::Status::confirmed || !std::ranges::binary_search(own_gil_, finding.module);
  }

  std::vector<const Finding*>& group_of(const Finding& finding) {
    auto& places = groups_[{finding.module, finding.generator, finding.fix}];
    if (!has_line(finding)) {
      const auto source =
          std::ranges::find_if(places, [](const auto& place) { return has_line(*place.second.front()); });
      if (source != places.end()) return source->second;
      return places[{finding.where.file, {}}];
    }
    return places[{finding.where.file, finding.pythons}];
  }

  const std::vector<std::string>& own_gil_;
  Groups groups_{};
};

bool is_worse(const Finding* a, const Finding* b) {
  return std::tie(a->severity, a->status) < std::tie(b->severity, b->status);
}

Finding gathered(std::vector<const Finding*> group) {
  std::ranges::stable_sort(group, is_worse);
  Finding one = *group.front();
  // In a compiled module there is no line to go to.
  const auto in_source = std::ranges::find_if(group, [](const Finding* part) { return has_line(*part); });
  if (in_source != group.end()) one.where = (*in_source)->where;
  one.pythons = pythons_of(group);
  std::set<std::string> rules;
  one.because.clear();
  for (const Finding* part : group) {
    rules.insert(part->rule);
    one.because.insert(one.because.end(), part->because.begin(), part->because.end());
    const bool of_all = part->pythons.empty() || part->pythons == one.pythons;
    const std::string message =
        of_all ? part->message : fmt::format("{} (Python {})", part->message, fmt::join(part->pythons, ", "));
    one.parts.push_back({part->rule, part->severity, part->status, part->where, message, part->because});
  }
  one.subject = {"code of " + one.generator, "", one.subject.unit, ""};
  one.message =
      fmt::format("what {} generates breaks {}: {}", one.generator,
                  rules.size() == 1 ? "a rule" : fmt::format("{} rules", rules.size()), fmt::join(rules, ", "));
  return one;
}

}  // namespace

std::vector<Finding> one_for_each_generator(const std::vector<Finding>& findings,
                                            const std::vector<std::string>& own_gil) {
  Grouping grouping(findings, own_gil);
  std::vector<Finding> ones;
  for (const Finding& finding : findings) {
    const std::vector<const Finding*>& group = grouping.with(finding);
    if (group.size() < 2) {
      ones.push_back(finding);
    } else if (group.front() == &finding) {
      ones.push_back(gathered(group));
    }
  }
  return ones;
}

}  // namespace isoaudit::rules
