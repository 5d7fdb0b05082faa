#include "rules/api_calls.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/link_units.h"

namespace isoaudit::rules {

std::vector<model::Finding> call_findings(const model::Facts& facts, model::Severity severity,
                                          std::span<const ReportedCall> calls) {
  std::vector<model::Finding> findings;
  const UnitLinks links(facts);
  for (const ReportedCall& call : calls) {
    const std::string name(call.name);
    const auto base = [&] {
      model::Finding finding;
      finding.severity = severity;
      finding.subject = {name, name, "", ""};
      finding.message = fmt::format("`{}` {}", call.name, call.harm);
      finding.fix = call.fix;
      return finding;
    };
    for (const model::ApiUse& use : facts.source.api_uses) {
      if (use.name != name) continue;
      model::Finding finding = base();
      finding.status = model::Status::likely;
      finding.module = links.primary_module(use.unit);
      finding.where = use.where;
      finding.subject.unit = use.unit;
      finding.because.push_back({model::EvidenceKind::source, fmt::format("`{}` is used here", name), use.where});
      findings.push_back(std::move(finding));
    }
    for (const model::BinaryFacts& binary : facts.binaries) {
      if (!std::ranges::binary_search(binary.api_imports, name)) continue;
      model::Finding finding = base();
      // An import says that some path uses it, not that an extension's own code does: frameworks link it in.
      finding.status = model::Status::possible;
      finding.module = binary.module;
      finding.where.file = binary.path;
      finding.because.push_back({model::EvidenceKind::binary, fmt::format("the module imports `{}`", name), {}});
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace isoaudit::rules
