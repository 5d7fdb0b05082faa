#include "rules/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <tuple>

#include "model/said_of_many.h"
#include "rules/declarations.h"
#include "rules/generated.h"

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::Finding;

/// So many findings of one rule in one module are still read one by one.
constexpr std::size_t few = 5;
constexpr std::size_t shown_names = 3;
constexpr std::size_t shown_reasons = 4;

bool rests_on_code(const Finding& finding) {
  return !finding.because.empty() && finding.because.front().kind == EvidenceKind::code &&
         std::ranges::all_of(finding.because, [](const model::Because& because) {
           return because.kind == EvidenceKind::code || because.kind == EvidenceKind::binary;
         });
}

std::string names_of(const std::vector<const Finding*>& group) {
  std::string text;
  for (std::size_t i = 0; i < std::min(shown_names, group.size()); ++i) {
    const model::Subject& subject = group[i]->subject;
    text += (i > 0 ? ", `" : "`") + (subject.name.empty() ? subject.address : subject.name) + "`";
  }
  if (group.size() > shown_names) text += fmt::format(" and {} more", group.size() - shown_names);
  return text;
}

Finding folded(const std::vector<const Finding*>& group, const std::string& generator) {
  const Finding& first = *group.front();
  Finding one = first;
  one.subject = {generator.empty() ? "other statics" : "statics of " + generator, "", "", ""};
  one.message = generator.empty() ? fmt::format("{} variables ({}): each {}", group.size(), names_of(group),
                                                model::without_subject(first.message))
                                  : fmt::format("{} of the statics that {} generates ({}): each {}", group.size(),
                                                generator, names_of(group), model::without_subject(first.message));
  one.fix = generator.empty() ? model::fix_for_all(first.fix, first.message) : generator_fix(generator);
  one.because.clear();
  for (const Finding* finding : group) {
    if (one.because.size() == shown_reasons) {
      one.because.push_back({EvidenceKind::code, fmt::format("and {} more", group.size() - shown_reasons), {}});
      break;
    }
    one.because.push_back(finding->because.front());
  }
  return one;
}

}  // namespace

std::vector<Finding> fold(std::vector<Finding> findings, const model::Facts& facts) {
  const std::vector<std::string> own_gil = own_gil_modules(facts);
  // File, rule, severity, status, generator.
  using Key = std::tuple<std::string, std::string, model::Severity, model::Status, std::string>;
  std::map<Key, std::vector<const Finding*>> groups;
  std::vector<Finding> kept;
  for (const Finding& finding : findings) {
    const bool ready = std::ranges::binary_search(own_gil, finding.module);
    if (!rests_on_code(finding) || (ready && finding.generator.empty())) {
      kept.push_back(finding);
    } else {
      groups[{finding.where.file, finding.rule, finding.severity, finding.status, finding.generator}].push_back(
          &finding);
    }
  }
  for (const auto& [key, group] : groups) {
    const std::string& generator = std::get<4>(key);
    if (group.size() == 1 || (generator.empty() && group.size() <= few)) {
      for (const Finding* finding : group) {
        kept.push_back(*finding);
        if (!generator.empty()) kept.back().fix = generator_fix(generator);
      }
      continue;
    }
    Finding one = folded(group, generator);
    // The source speaks of the same statics in one finding for each of its files; what it takes for less is another's.
    const auto of_source = std::ranges::find_if(kept, [&](const Finding& finding) {
      return !generator.empty() && finding.generator == generator && finding.rule == one.rule &&
             finding.subject.name == one.subject.name && finding.module == one.module &&
             finding.severity <= one.severity;
    });
    if (of_source == kept.end()) {
      kept.push_back(std::move(one));
    } else {
      std::ranges::move(one.because, std::back_inserter(of_source->because));
    }
  }
  return kept;
}

}  // namespace isoaudit::rules
