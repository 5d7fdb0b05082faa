#include "rules/api_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <tuple>

#include "rules/api_names.h"
#include "rules/declarations.h"
#include "rules/generated.h"
#include "rules/link_units.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::EvidenceKind;
using model::Finding;

constexpr std::size_t shown_uses = 8;

void describe(Finding& finding, const ApiName& api, std::string_view fix) {
  const std::string name(api.name);
  finding.severity = api.severity;
  finding.subject = {name, name, "", ""};
  finding.message = fmt::format("`{}` {}", api.name, api.harm);
  finding.fix = api.instead.empty() ? std::string(fix)
                : fix.empty()       ? fmt::format("use {}", api.instead)
                                    : fmt::format("use {}; {}", api.instead, fix);
}

/// Which tool wrote the call for itself: nobody's line, and so not looked at one by one.
std::string maker_of(const model::ApiUse& use) {
  if (!use.generator.empty()) return use.generator;
  return is_library_of("cython", use.where.file) ? "cython" : "";
}

/// Cython's helpers run where its user's functions do: what they ask for the thread has, unless the user's own code
/// (`nogil`, `prange`) takes it to a thread of another library.
void describe_generated(Finding& finding, const std::string& generator) {
  finding.generator = generator;
  finding.message += fmt::format(", in code that {} adds by itself", generator);
  // A part of Cython's library is a place in many modules.
  if (is_library_of(generator, finding.where.file) && !finding.module.empty()) {
    finding.message += fmt::format(" to `{}`", finding.module);
  }
  finding.fix = generator_fix(generator);
  if (generator != "cython") return;
  finding.severity = model::Severity::advice;
  finding.fix = "nothing to change unless `nogil` code of yours runs in threads that Python did not start";
}

/// Why no other interpreter meets that use; empty when one may. When a library is loaded others may run already.
std::string_view meets_nobody(const model::ApiUse& use) {
  const bool at_load = std::ranges::any_of(
      use.reached, [](const model::Reached& row) { return row.when == model::RunsWhen::static_initialiser; });
  return at_load ? std::string_view() : when_alone(use.reached);
}

void add_source_findings(const model::Facts& facts, const ApiIndex& index, const ApiWords& words,
                         std::vector<Finding>& findings) {
  const UnitLinks links(facts);
  // The finding that further uses of the same function in the same module join, and how many it has.
  struct Home {
    std::size_t place = 0;
    std::size_t uses = 0;
  };
  std::map<std::tuple<std::string, std::string_view, std::string, std::string_view>, Home> homes;
  for (const model::ApiUse& use : facts.source.api_uses) {
    const ApiName* known = index.find(use.name);
    if (known == nullptr || (words.counts != nullptr && !words.counts(use))) continue;
    const model::Because because{EvidenceKind::source, fmt::format("`{}` is used here", use.name), use.where};
    const std::string module = links.primary_module(use.unit);
    const std::string generator = maker_of(use);
    const std::string_view alone = meets_nobody(use);
    if (words.each_use == EachUse::of_one_module || !generator.empty()) {
      const auto [home, added] = homes.try_emplace({module, known->name, generator, alone}, Home{findings.size(), 1});
      if (!added) {
        if (home->second.uses++ < shown_uses) findings[home->second.place].because.push_back(because);
        continue;
      }
    }
    Finding finding;
    describe(finding, *known, words.fix);
    finding.status = model::Status::likely;
    finding.module = module;
    finding.where = use.where;
    finding.subject.unit = use.unit;
    if (!generator.empty()) describe_generated(finding, generator);
    if (!alone.empty()) {
      finding.severity = model::Severity::advice;
      finding.message += fmt::format("; used {}", alone);
    }
    finding.because.push_back(because);
    findings.push_back(std::move(finding));
  }
  for (const auto& [key, home] : homes) {
    if (home.uses <= shown_uses) continue;
    findings[home.place].because.push_back(
        {EvidenceKind::source, fmt::format("and {} more uses", home.uses - shown_uses), {}});
  }
}

void add_import_findings(const BinaryFacts& binary, const ApiIndex& index, const ApiWords& words,
                         std::vector<Finding>& findings) {
  const bool windows = binary.format == model::BinaryFormat::pe;
  std::vector<std::string> makers = binary.linked_in;
  makers.emplace_back(to_string(binary.framework));
  for (const std::string& import : binary.api_imports) {
    const ApiName* known = index.find(import);
    if (known == nullptr) continue;
    const ApiName& api = *known;
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

using Change = model::ProcessChange::Kind;

/// By which functions such a change is made. The first stands for a change that no import explains.
std::span<const std::string_view> functions_behind(Change kind) {
  static constexpr std::string_view folder[] = {"chdir", "fchdir", "chroot"};
  static constexpr std::string_view mask[] = {"umask"};
  static constexpr std::string_view locale[] = {"setlocale"};
  static constexpr std::string_view environment[] = {"setenv", "putenv", "unsetenv", "clearenv"};
  static constexpr std::string_view handler[] = {"sigaction", "signal", "sigset", "bsd_signal", "sysv_signal"};
  static constexpr std::string_view timer[] = {"setitimer", "alarm", "ualarm"};
  static constexpr std::string_view stream[] = {"dup2", "dup3", "freopen"};
  static constexpr std::string_view limits[] = {"setrlimit", "setrlimit64", "prlimit"};
  switch (kind) {
    case Change::folder: return folder;
    case Change::umask: return mask;
    case Change::locale: return locale;
    case Change::environment: return environment;
    case Change::handler: return handler;
    case Change::timer: return timer;
    case Change::stream: return stream;
    case Change::limits: return limits;
  }
  return {};
}

/// The function that the module itself imports for such a change, so that import and run are one finding.
const ApiName* function_of(Change kind, const model::Facts& facts, const model::RunFacts& run, const ApiIndex& index) {
  const ApiName* first = nullptr;
  for (const std::string_view name : functions_behind(kind)) {
    const ApiName* known = index.find(name);
    if (known == nullptr) continue;
    if (first == nullptr) first = known;
    for (const BinaryFacts& binary : facts.binaries) {
      if (binary.path == run.path && std::ranges::find(binary.api_imports, name) != binary.api_imports.end()) {
        return known;
      }
    }
  }
  return first;
}

/// What interpreters were seen to change of the process, whoever made the call.
void add_run_findings(const model::Facts& facts, const model::RunFacts& run, const ApiIndex& index,
                      const ApiWords& words, std::vector<Finding>& findings) {
  for (const model::Phase& phase : run.phases) {
    for (const model::ProcessChange& change : phase.process) {
      const ApiName* api = function_of(change.kind, facts, run, index);
      if (api == nullptr) continue;
      Finding finding;
      describe(finding, *api, words.fix);
      finding.status = model::Status::confirmed;
      finding.module = run.module;
      finding.where.file = run.path;
      finding.pythons = {run.python};
      finding.because.push_back({EvidenceKind::runtime,
                                 fmt::format("Python {} ({}): {} in interpreter {} changed {}", run.python,
                                             to_string(phase.level), change.step, change.interpreter, change.what),
                                 {}});
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace

std::vector<Finding> api_findings(const model::Facts& facts, std::string_view slug, const ApiWords& words) {
  const ApiIndex index(facts, slug);
  std::vector<Finding> findings;
  add_source_findings(facts, index, words, findings);
  for (const BinaryFacts& binary : facts.binaries) add_import_findings(binary, index, words, findings);
  for (const model::RunFacts& run : facts.runs) add_run_findings(facts, run, index, words, findings);
  return findings;
}

}  // namespace isoaudit::rules
