#include "rules/fold.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
constexpr std::size_t shown_reasons = 20;

bool rests_on_code(const Finding& finding) {
  return !finding.because.empty() && finding.because.front().kind == EvidenceKind::code &&
         std::ranges::all_of(finding.because, [](const model::Because& because) {
           return because.kind == EvidenceKind::code || because.kind == EvidenceKind::binary;
         });
}

bool has_source(const Finding& finding) {
  return std::ranges::find(finding.because, EvidenceKind::source, &model::Because::kind) != finding.because.end();
}

/// What the module's framework is, by the module's file; only files that one made are there.
std::map<std::string, std::string> generators_of(const model::Facts& facts) {
  std::map<std::string, std::string> generators;
  for (const model::BinaryFacts& binary : facts.binaries) {
    if (binary.framework != model::Framework::none) generators[binary.path] = to_string(binary.framework);
  }
  return generators;
}

/// Whose static it is about that only a run saw; code and source say it of theirs.
std::string generator_of(const Finding& finding, const std::map<std::string, std::string>& generators) {
  const auto generator = generators.find(finding.where.file);
  // A place in another library is written with the library's name.
  const bool in_module = !finding.subject.address.empty() && finding.subject.address.find(':') == std::string::npos;
  if (!finding.generator.empty() || generator == generators.end() || !in_module || has_source(finding)) {
    return finding.generator;
  }
  // With its namespaces it stands in the message.
  const std::string_view name = finding.subject.linkage_name.empty() ? "" : model::subject_of(finding.message);
  return is_generators_in_binary(generator->second, name) ? generator->second : "";
}

/// What a generator's user wrote: where no source tells of it, its symbol does. He has no m_size to set.
void mend_with_generators_means(Finding& finding, const std::map<std::string, std::string>& generators) {
  const auto generator = generators.find(finding.where.file);
  if (!finding.generator.empty() || generator == generators.end() || has_source(finding)) return;
  const std::string name = users_name(generator->second, finding.subject.name);
  if (name == finding.subject.name) return;
  const Held held = finding.rule.starts_with("global-") ? Held::object : Held::memory;
  finding.fix = users_fix(generator->second, name, held);
  finding.fix_of_many = users_fix_of_many(generator->second, held);
}

std::string names_of(const std::vector<const Finding*>& group) {
  // Statics of one macro have one name, each in the namespace of its user.
  std::vector<std::string> names;
  for (const Finding* finding : group) {
    const model::Subject& subject = finding->subject;
    std::string name = "`" + (subject.name.empty() ? subject.address : subject.name) + "`";
    if (names.size() < shown_names && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  const std::size_t more = group.size() - names.size();
  return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

Finding folded(const std::vector<const Finding*>& group, const std::string& generator) {
  const Finding& first = *group.front();
  Finding one = first;
  one.generator = generator;
  one.pythons = pythons_of(group);
  for (const Finding* finding : group) one.status = std::min(one.status, finding->status);
  one.subject = {generator.empty() ? "other statics" : statics_of(generator), "", "", ""};
  one.message = generator.empty() ? fmt::format("{} variables ({}): each {}", group.size(), names_of(group),
                                                model::without_subject(first.message))
                                  : fmt::format("{} of the statics that {} generates ({}): each {}", group.size(),
                                                generator, names_of(group), model::without_subject(first.message));
  one.fix = generator.empty() ? model::fix_for_all(first) : generator_fix(generator);
  one.fix_of_many.clear();
  one.because.clear();
  for (const Finding* finding : group) {
    if (one.because.size() == shown_reasons) {
      one.because.push_back({one.because.back().kind, fmt::format("and {} more", group.size() - shown_reasons), {}});
      break;
    }
    one.because.push_back(model::most_telling(*finding));
  }
  return one;
}

}  // namespace

std::vector<std::string> pythons_of(const std::vector<const Finding*>& group) {
  std::vector<std::string> pythons;
  for (const Finding* finding : group) {
    if (finding->pythons.empty()) return {};
    for (const std::string& python : finding->pythons) {
      if (std::ranges::find(pythons, python) == pythons.end()) pythons.push_back(python);
    }
  }
  return pythons;
}

std::vector<Finding> fold(std::vector<Finding> findings, const model::Facts& facts) {
  const std::vector<std::string> own_gil = own_gil_modules(facts);
  // File, rule, severity, status, generator, what it says of its variable.
  using Key = std::tuple<std::string, std::string, model::Severity, model::Status, std::string, std::string>;
  std::map<Key, std::vector<const Finding*>> groups;
  std::vector<Finding> kept;
  const std::map<std::string, std::string> generators = generators_of(facts);
  for (Finding& finding : findings) {
    mend_with_generators_means(finding, generators);
    const bool ready = std::ranges::binary_search(own_gil, finding.module);
    // What a run proves of a module that declares support is told for each variable.
    const std::string generator = ready ? finding.generator : generator_of(finding, generators);
    const bool is_one_of_many = ready ? rests_on_code(finding) && !generator.empty()
                                      : rests_on_code(finding) || (!generator.empty() && !has_source(finding));
    if (is_one_of_many) {
      // How sure it is of each says little of what its user has to do.
      const model::Status status = ready || generator.empty() ? finding.status : model::Status::possible;
      const std::string said = model::without_subject(finding.message);
      groups[{finding.where.file, finding.rule, finding.severity, status, generator, said}].push_back(&finding);
    } else {
      kept.push_back(finding);
    }
  }
  for (const auto& [key, group] : groups) {
    const std::string& generator = std::get<4>(key);
    const bool is_few = group.size() == 1 || (generator.empty() && group.size() <= few);
    Finding one = is_few ? *group.front() : folded(group, generator);
    // The source speaks of the same statics in one finding for each of its files; what it takes for less is another's.
    const auto of_source = std::ranges::find_if(kept, [&](const Finding& finding) {
      return !generator.empty() && finding.generator == generator && finding.rule == one.rule &&
             finding.subject.name == statics_of(generator) && finding.module == one.module &&
             finding.severity <= one.severity;
    });
    if (of_source != kept.end()) {
      of_source->status = std::min(of_source->status, one.status);
      std::ranges::move(one.because, std::back_inserter(of_source->because));
    } else if (!is_few) {
      kept.push_back(std::move(one));
    } else {
      for (const Finding* finding : group) {
        kept.push_back(*finding);
        kept.back().generator = generator;
        if (generator.empty()) continue;
        kept.back().fix = generator_fix(generator);
        kept.back().fix_of_many.clear();
      }
    }
  }
  return kept;
}

}  // namespace isoaudit::rules
