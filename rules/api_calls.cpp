#include "rules/api_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include "rules/api_names.h"
#include "rules/declarations.h"
#include "rules/link_units.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::EvidenceKind;
using model::Finding;

constexpr std::size_t shown_uses = 8;

using NameIndex = std::map<std::string_view, const ApiName*>;

void describe(Finding& finding, const ApiName& api, std::string_view fix) {
  const std::string name(api.name);
  finding.severity = api.severity;
  finding.subject = {name, name, "", ""};
  finding.message = fmt::format("`{}` {}", api.name, api.harm);
  finding.fix = api.instead.empty() ? std::string(fix)
                : fix.empty()       ? fmt::format("use {}", api.instead)
                                    : fmt::format("use {}; {}", api.instead, fix);
}

void add_source_findings(const model::Facts& facts, const NameIndex& index, const ApiWords& words,
                         std::vector<Finding>& findings) {
  const UnitLinks links(facts);
  // The finding that further uses of the same function in the same module join, and how many it has.
  struct Home {
    std::size_t place = 0;
    std::size_t uses = 0;
  };
  std::map<std::pair<std::string, std::string_view>, Home> homes;
  for (const model::ApiUse& use : facts.source.api_uses) {
    const auto known = index.find(use.name);
    if (known == index.end() || (use.read && !words.reading_counts)) continue;
    const model::Because because{EvidenceKind::source, fmt::format("`{}` is used here", use.name), use.where};
    const std::string module = links.primary_module(use.unit);
    if (words.each_use == EachUse::of_one_module) {
      const auto [home, added] = homes.try_emplace({module, known->first}, Home{findings.size(), 1});
      if (!added) {
        if (home->second.uses++ < shown_uses) findings[home->second.place].because.push_back(because);
        continue;
      }
    }
    Finding finding;
    describe(finding, *known->second, words.fix);
    finding.status = model::Status::likely;
    finding.module = module;
    finding.where = use.where;
    finding.subject.unit = use.unit;
    finding.because.push_back(because);
    findings.push_back(std::move(finding));
  }
  for (const auto& [key, home] : homes) {
    if (home.uses <= shown_uses) continue;
    findings[home.place].because.push_back(
        {EvidenceKind::source, fmt::format("and {} more uses", home.uses - shown_uses), {}});
  }
}

void add_import_findings(const BinaryFacts& binary, const NameIndex& index, const ApiWords& words,
                         std::vector<Finding>& findings) {
  const bool windows = binary.format == model::BinaryFormat::pe;
  std::vector<std::string> makers = binary.linked_in;
  makers.emplace_back(to_string(binary.framework));
  for (const std::string& import : binary.api_imports) {
    const auto known = index.find(import);
    if (known == index.end()) continue;
    const ApiName& api = *known->second;
    if (api.sight == ApiName::Sight::source_only || (windows && api.sight == ApiName::Sight::posix)) continue;
    Finding finding = finding_in(binary, fmt::format("the module imports `{}`", import));
    describe(finding, api, words.fix);
    finding.status = model::Status::possible;
    for (const std::string& maker : makers) {
      if (!imported_by_itself(maker, import)) continue;
      // Who promises own-GIL support answers for what is linked in, too.
      if (!declares_own_gil(binary)) finding.severity = model::Severity::advice;
      finding.because.push_back(
          {EvidenceKind::binary, fmt::format("{} links it in by itself, whatever the extension does", maker), {}});
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> api_findings(const model::Facts& facts, std::string_view slug, const ApiWords& words) {
  NameIndex index;
  for (const ApiName& api : api_names(slug)) index.emplace(api.name, &api);
  std::vector<Finding> findings;
  add_source_findings(facts, index, words, findings);
  for (const BinaryFacts& binary : facts.binaries) add_import_findings(binary, index, words, findings);
  return findings;
}

}  // namespace isoaudit::rules
