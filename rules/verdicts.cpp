#include "rules/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "rules/declarations.h"
#include "rules/link_units.h"
#include "rules/not_exercised.h"
#include "rules/registry.h"
#include "rules/variables.h"
#include "rules/writes.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::Facts;
using model::Interpreter;
using model::Level;
using model::MultipleInterpreters;
using model::Outcome;
using model::Phase;
using model::RunFacts;
using model::Verdict;
using model::VerdictKind;

/// The declaration that this interpreter reads: abi3 modules may answer differently by version.
const model::EntryPoint* entry_for(const BinaryFacts& binary, const Interpreter& interpreter) {
  const auto rows = default_entry(binary);
  for (const model::BinaryEntryPoint* row : rows) {
    if (std::ranges::find(row->versions, interpreter.version) != row->versions.end()) return &row->entry;
  }
  return rows.size() == 1 && rows.front()->versions.empty() ? &rows.front()->entry : nullptr;
}

std::string why_refused(const model::EntryPoint* entry) {
  if (entry == nullptr) return "the interpreter refuses it";
  if (entry->init == model::Init::single_phase) return "single-phase init";
  switch (entry->declares.multiple_interpreters) {
    case MultipleInterpreters::not_supported: return "declares that it does not support several interpreters";
    case MultipleInterpreters::supported: return "declares support under one shared GIL only";
    case MultipleInterpreters::absent:
      return "no Py_mod_multiple_interpreters slot: several interpreters only under one GIL";
    case MultipleInterpreters::per_interpreter_gil:
    case MultipleInterpreters::undetermined: break;
  }
  return "the interpreter refuses it";
}

/// From the bytes alone, when nothing was run.
void decide_unrun(Verdict& verdict, const model::EntryPoint* entry, const Interpreter& interpreter) {
  if (entry == nullptr) {
    verdict.reason = "what it declares for this version was not decided";
    return;
  }
  const model::Declaration& declares = entry->declares;
  if (!declares.invalid.empty()) {
    // abi3 files may be valid for one version and not for the next.
    verdict.reason =
        fmt::format("Python {} raises SystemError when it is imported: {}", interpreter.id, declares.invalid);
  } else if (entry->init == model::Init::single_phase ||
             declares.multiple_interpreters == MultipleInterpreters::not_supported) {
    verdict.kind = VerdictKind::refused;
    verdict.reason = why_refused(entry);
  } else if (declares.multiple_interpreters == MultipleInterpreters::absent ||
             declares.multiple_interpreters == MultipleInterpreters::supported) {
    verdict.kind = VerdictKind::shared_gil_only;
    verdict.reason = why_refused(entry);
  } else if (declares.multiple_interpreters == MultipleInterpreters::per_interpreter_gil) {
    verdict.not_run = true;
    verdict.reason = "declares own-GIL support; not run, so not decided";
  } else {
    verdict.reason = declares.undetermined_reason.empty() ? "what it declares is undetermined"
                                                          : "undetermined: " + declares.undetermined_reason;
  }
}

/// More than one interpreter with its own GIL had it.
bool is_repeated(Level level) { return level == Level::sequential || level == Level::concurrent; }

std::string sentence(const Phase& phase) { return fmt::format("{}: {}", to_string(phase.level), phase.detail); }

/// What the findings are about, by name.
std::vector<std::string> subjects(std::span<const model::Finding> findings) {
  std::set<std::string> names;
  for (const model::Finding& finding : findings) {
    if (finding.subject.name.empty()) {
      names.insert(finding.subject.address);
    } else {
      names.insert(finding.subject.name);
    }
  }
  return {names.begin(), names.end()};
}

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 4) return text + fmt::format(" and {} more", names.size() - i);
    if (i > 0) text += ", ";
    text += "`" + names[i] + "`";
  }
  return text;
}

/// The finding is about a function, not about a variable.
bool is_about_function(const model::Finding& finding) {
  const Rule* rule = find_rule(finding.rule);
  return rule != nullptr && (rule->group == Group::c_api || rule->group == Group::process);
}

/// "`cache` may be shared, and it uses `fork`".
std::string doubts(std::vector<model::Finding> findings) {
  const auto data = std::partition(findings.begin(), findings.end(), is_about_function);
  const std::span<const model::Finding> functions(findings.begin(), data), variables(data, findings.end());
  const std::string shared = variables.empty() ? "" : list(subjects(variables)) + " may be shared";
  const std::string uses = functions.empty() ? "" : "it uses " + list(subjects(functions));
  return shared + (shared.empty() || uses.empty() ? "" : ", and ") + uses;
}

/// "`cache` holds a dict of interpreter 1, and 2 more variables".
std::string shared_by(const Phase& phase) {
  std::set<std::tuple<std::string, std::string, std::uint64_t>> variables;
  for (const model::SharedObject& object : phase.shared) {
    const bool named = !object.symbol.empty();
    const bool is_common = object.kind == model::SharedObject::Kind::common;
    const std::string& place = named ? object.symbol : is_common ? object.description : object.section;
    variables.emplace(object.library, place, named ? 0 : object.offset);
  }
  std::string text = shared_text(phase.shared.front());
  const std::size_t more = variables.size() - 1;
  if (more > 0) text += fmt::format(", and {} more variable{}", more, more == 1 ? "" : "s");
  return text;
}

/// "2 tests pass in the main interpreter and fail in an isolated one: `test_a`, `test_b`"; empty when none does.
std::string tests_against(const RunFacts& run) {
  std::set<std::string> names;
  for (const Phase& phase : run.phases) {
    for (const model::FailedTest& test : phase.failed_tests) names.insert(test.name);
  }
  if (names.empty()) return "";
  return fmt::format("{} test{} of its distribution pass{} in the main interpreter and fail{} in an isolated one: {}",
                     names.size(), names.size() == 1 ? "" : "s", names.size() == 1 ? "es" : "",
                     names.size() == 1 ? "s" : "", list({names.begin(), names.end()}));
}

std::string what_ran(const Phase& concurrent) {
  return fmt::format("{} interpreters at once, {} round{}, {} imports, {} uses", concurrent.interpreters,
                     concurrent.rounds, concurrent.rounds == 1 ? "" : "s", concurrent.imports, concurrent.uses);
}

/// It was let in by an interpreter with its own GIL: did it share, crash or hang there? What was seen while one
/// interpreter ran after the other comes first: it is the same in every run. Where they race for a variable, what it
/// holds at the end is luck, and a crash is luck as well.
void decide_own_gil(Verdict& verdict, const Facts& facts, const BinaryFacts& binary, const RunFacts& run,
                    const std::vector<model::Finding>& against) {
  const auto shares = [](const Phase& phase) {
    return phase.level != Level::forced && phase.level != Level::main && !phase.shared.empty();
  };
  for (const Phase& phase : run.phases) {
    if (!shares(phase) || phase.at_once) continue;
    verdict.kind = VerdictKind::unsafe;
    verdict.reason = shared_by(phase);
    return;
  }
  for (const ConflictingWrite& write : conflicting_writes(facts, run)) {
    if (!write.overwritten) continue;
    verdict.kind = VerdictKind::unsafe;
    verdict.reason = write.text;
    return;
  }
  for (const Phase& phase : run.phases) {
    if (!shares(phase)) continue;
    verdict.kind = VerdictKind::unsafe;
    verdict.reason = shared_text(phase.shared.front());
    return;
  }
  for (const Phase& phase : run.phases) {
    if (phase.level == Level::forced || phase.disturbed.empty()) continue;
    verdict.kind = VerdictKind::unsafe;
    verdict.reason = phase.disturbed.front();
    return;
  }
  for (const Phase& phase : run.phases) {
    if (phase.level != Level::isolated && phase.level != Level::warm && !is_repeated(phase.level)) continue;
    if (ended_badly(phase)) {
      verdict.kind = VerdictKind::unsafe;
      verdict.reason = sentence(phase);
      return;
    }
  }
  for (const Phase& phase : run.phases) {
    if (phase.level != Level::warm && !is_repeated(phase.level)) continue;
    if (phase.outcome == Outcome::refused || (phase.outcome == Outcome::error && model::raised(phase, "ImportError"))) {
      verdict.kind = VerdictKind::refused;
      verdict.reason = "its own check turns away the second interpreter: " + phase.detail;
      return;
    }
    if (phase.outcome == Outcome::error) {
      verdict.kind = VerdictKind::unsafe;
      verdict.reason = sentence(phase);
      return;
    }
  }
  for (const Level level : {Level::sequential, Level::concurrent}) {
    const Phase* phase = model::find_phase(run, level);
    if (phase == nullptr || phase->outcome != Outcome::ok) {
      verdict.reason = phase == nullptr ? fmt::format("{} was not run", to_string(level)) : sentence(*phase);
      return;
    }
  }
  const std::string ran = what_ran(*model::find_phase(run, Level::concurrent));
  std::string runs_against = tests_against(run);
  for (const std::string& level : run.also_failed) runs_against += (runs_against.empty() ? "" : "; ") + level;
  if (!against.empty()) {
    verdict.kind = VerdictKind::suspect;
    verdict.reason = fmt::format("ran clean ({}), yet {}", ran, doubts(against));
    if (!runs_against.empty()) verdict.reason += "; " + runs_against;
    if (const std::string calls = not_exercised(binary, run, against); !calls.empty()) {
      verdict.reason += "; not exercised: " + calls;
    }
  } else if (!runs_against.empty()) {
    verdict.kind = VerdictKind::suspect;
    verdict.reason = fmt::format("nothing shared ({}), yet {}", ran, runs_against);
  } else if (!binary.code.read) {
    verdict.kind = VerdictKind::suspect;
    verdict.reason = fmt::format("ran clean ({}), yet its machine code was not read{}{}", ran,
                                 binary.code.why_not.empty() ? "" : ": ", binary.code.why_not);
  } else {
    verdict.kind = VerdictKind::isolated;
    verdict.reason = fmt::format("nothing shared: {}; its code writes no global that is not explained", ran);
  }
}

void decide_run(Verdict& verdict, const Facts& facts, const BinaryFacts& binary, const Interpreter& interpreter,
                const RunFacts& run, const std::vector<model::Finding>& against) {
  const model::EntryPoint* entry = entry_for(binary, interpreter);
  const Phase* in_main = model::find_phase(run, Level::main);
  const Phase* concurrent = model::find_phase(run, Level::concurrent);
  if (in_main != nullptr && in_main->outcome == Outcome::skipped && concurrent != nullptr &&
      concurrent->outcome == Outcome::ok) {
    verdict.kind = VerdictKind::suspect;
    verdict.reason = fmt::format("ran clean ({}), yet nothing was looked for", what_ran(*concurrent));
    if (!against.empty()) verdict.reason += ", and " + doubts(against);
    return;
  }
  if (in_main == nullptr || in_main->outcome != Outcome::ok) {
    verdict.reason = in_main == nullptr ? "not run" : "does not load even in the main interpreter: " + in_main->detail;
    return;
  }
  const Phase* isolated = model::find_phase(run, Level::isolated);
  const Phase* strict = model::find_phase(run, Level::strict_shared);
  if (isolated == nullptr || isolated->outcome == Outcome::not_possible || isolated->outcome == Outcome::skipped) {
    verdict.reason = isolated == nullptr ? "not run in an isolated interpreter" : isolated->detail;
    return;
  }
  if (isolated->outcome == Outcome::ok || (ended_badly(*isolated) && entry != nullptr && declares_own_gil(*entry))) {
    decide_own_gil(verdict, facts, binary, run, against);
    return;
  }
  if (isolated->outcome == Outcome::refused) {
    // Where something else went wrong under a shared GIL, what the module declares still stands.
    const bool strict_refuses = strict != nullptr && strict->outcome == Outcome::refused;
    const bool keeps_out =
        entry != nullptr && (entry->init == model::Init::single_phase ||
                             entry->declares.multiple_interpreters == MultipleInterpreters::not_supported);
    verdict.kind = strict_refuses || keeps_out ? VerdictKind::refused : VerdictKind::shared_gil_only;
    verdict.reason = why_refused(entry);
    if (strict != nullptr && strict->outcome != Outcome::ok && !strict_refuses && !keeps_out) {
      verdict.reason += "; there: " + strict->detail;
    }
    // One loaded, the next was turned away: under a shared GIL it would have been so too.
    const Phase* forced = model::find_phase(run, Level::forced);
    if (verdict.kind == VerdictKind::shared_gil_only && forced != nullptr && forced->outcome == Outcome::error &&
        forced->imports > 0 && model::raised(*forced, "ImportError")) {
      const bool is_own = std::ranges::any_of(
          binary.guard_texts, [&](const std::string& text) { return forced->detail.find(text) != std::string::npos; });
      if (is_own) {
        verdict.kind = VerdictKind::refused;
        verdict.reason = "its own check turns away the second interpreter: " + forced->detail;
      } else {
        verdict.reason +=
            "; and a check of its own or of what it imports turns away the second of them: " + forced->detail;
      }
    }
    return;
  }
  if (!run.refused_dependencies.empty()) {
    // A module that would be refused itself is not merely blocked.
    if (entry != nullptr && (entry->init == model::Init::single_phase ||
                             entry->declares.multiple_interpreters == MultipleInterpreters::not_supported)) {
      verdict.kind = VerdictKind::refused;
      verdict.reason = why_refused(entry);
      return;
    }
    verdict.kind = VerdictKind::blocked;
    verdict.blocked_by = run.refused_dependencies;
    verdict.reason = "imports " + list(run.refused_dependencies) + ", which isolated interpreters refuse";
    return;
  }
  if (isolated->outcome == Outcome::error && model::raised(*isolated, "ImportError")) {
    verdict.kind = VerdictKind::refused;
    verdict.reason = "its own check: " + isolated->detail;
    return;
  }
  if (entry != nullptr && declares_own_gil(*entry)) {
    verdict.kind = VerdictKind::unsafe;
    // What it shares says more than what went wrong in use.
    verdict.reason =
        isolated->shared.empty() ? "declares own-GIL support, yet " + sentence(*isolated) : shared_by(*isolated);
    return;
  }
  verdict.reason = sentence(*isolated);
}

}  // namespace

Verdict verdict_for(const Facts& facts, const BinaryFacts& binary, const Interpreter& interpreter, const RunFacts* run,
                    const std::vector<model::Finding>& against) {
  Verdict verdict;
  verdict.python = interpreter.id;
  if (run == nullptr) {
    decide_unrun(verdict, entry_for(binary, interpreter), interpreter);
  } else {
    verdict.phases = run->phases;
    decide_run(verdict, facts, binary, interpreter, *run, against);
  }
  return verdict;
}

}  // namespace isoaudit::rules
