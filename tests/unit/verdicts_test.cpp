// A wrong `isolated` is the worst bug that this program can have: every way to lose it has its row here.
#include "rules/verdicts.h"

#include <gtest/gtest.h>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::Init;
using model::Level;
using model::MultipleInterpreters;
using model::Outcome;
using model::VerdictKind;

struct Case {
  model::Facts facts{};
  model::BinaryFacts file = binary(Init::multi_phase, MultipleInterpreters::per_interpreter_gil);
  model::RunFacts run = clean_run();

  /// Through `judge`, which also weighs the findings.
  VerdictKind verdict() const { return judged().kind; }
  std::string reason() const { return judged().reason; }

  model::Verdict judged() const {
    model::Facts all = facts;
    all.pythons = {python("3.14")};
    all.binaries = {file};
    all.runs = {run};
    return judge(all, {}).modules.front().verdicts.front();
  }
};

model::SharedObject held(const char* symbol) {
  model::SharedObject object;
  object.symbol = symbol;
  object.section = ".bss";
  object.description = "a dict";
  object.owners = {2};
  return object;
}

// Who wrote a test need not have thought of interpreters: no proof of sharing, and no reason to say that all is well.
TEST(Verdicts, TestsThatFailOnlyInIsolatedInterpreters) {
  Case c;
  for (model::Phase& phase : c.run.phases) {
    if (phase.level == Level::isolated) phase.failed_tests = {{"test_a.py::test_one", "it said so"}};
  }
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  EXPECT_EQ(c.reason().substr(c.reason().find("yet")),
            "yet 1 test of its distribution passes in the main interpreter and fails in an isolated one: "
            "`test_a.py::test_one`");
}

// An abi3 file whose slots one version does not know: each audited version gets its own answer, not the oldest one's.
TEST(EntryPoints, OfAFileThatAnswersVersionsDifferently) {
  model::BinaryFacts file = binary(Init::multi_phase, MultipleInterpreters::absent);
  file.entry_points[0].versions = {{3, 13}, {3, 14}};
  file.entry_points.insert(file.entry_points.begin(), file.entry_points[0]);
  file.entry_points[0].versions = {{3, 12}};
  file.entry_points[0].entry.declares.invalid = "uses unknown slot ID 4";
  model::Facts facts;
  facts.binaries = {file};

  facts.pythons = {python("3.14")};
  auto entries = judge(facts, {}).modules.front().entry_points;
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].declares.invalid, "");
  EXPECT_EQ(entries[0].only_for, (std::vector<model::PythonVersion>{{3, 13}, {3, 14}}));

  facts.pythons.insert(facts.pythons.begin(), python("3.12"));
  entries = judge(facts, {}).modules.front().entry_points;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].declares.invalid, "uses unknown slot ID 4");
  EXPECT_EQ(entries[1].declares.invalid, "");

  // Nobody asked for a version: every answer.
  facts.pythons.clear();
  EXPECT_EQ(judge(facts, {}).modules.front().entry_points.size(), 2u);
}

TEST(Verdict, IsolatedNeedsEverything) {
  EXPECT_EQ(Case{}.verdict(), VerdictKind::isolated);

  for (const Level level : {Level::isolated, Level::sequential, Level::concurrent}) {
    for (const auto& [outcome, expected] :
         {std::pair{Outcome::crashed, VerdictKind::unsafe}, std::pair{Outcome::timed_out, VerdictKind::unsafe},
          std::pair{Outcome::exited, VerdictKind::unsafe}}) {
      Case c;
      at(c.run, level) = phase(level, outcome, "SIGSEGV");
      EXPECT_EQ(c.verdict(), expected) << to_string(level) << " " << to_string(outcome);
    }
    Case shares;
    at(shares.run, level).shared = {held("cache")};
    EXPECT_EQ(shares.verdict(), VerdictKind::unsafe) << to_string(level);
    Case conflict;
    at(conflict.run, level).changed = {overwritten_word("counter")};
    EXPECT_EQ(conflict.verdict(), VerdictKind::unsafe) << to_string(level);
  }
  for (const Level level : {Level::sequential, Level::concurrent}) {
    Case skipped;
    at(skipped.run, level) = phase(level, Outcome::skipped, "not run");
    EXPECT_EQ(skipped.verdict(), VerdictKind::unknown) << to_string(level);
    Case missing;
    std::erase_if(missing.run.phases, [&](const model::Phase& p) { return p.level == level; });
    EXPECT_EQ(missing.verdict(), VerdictKind::unknown) << to_string(level);
    Case raises;
    at(raises.run, level) = phase(level, Outcome::error, "TypeError: _abc_impl is set to a wrong type");
    EXPECT_EQ(raises.verdict(), VerdictKind::unsafe) << to_string(level);
    Case guard;
    at(guard.run, level) = phase(level, Outcome::error, "ImportError: cannot load module more than once per process");
    at(guard.run, level).exceptions = {"ImportError"};
    EXPECT_EQ(guard.verdict(), VerdictKind::refused) << to_string(level);
    Case speaks_of_it;
    at(speaks_of_it.run, level) = phase(level, Outcome::error, "RuntimeError: expected an ImportError here");
    at(speaks_of_it.run, level).exceptions = {"RuntimeError"};
    EXPECT_EQ(speaks_of_it.verdict(), VerdictKind::unsafe) << to_string(level);
  }
}

TEST(Verdict, UnreadCodeIsSuspect) {
  Case c;
  c.file.code = {};
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
}

TEST(Verdict, CodeThatWritesAGlobalIsSuspectUnlessAtomic) {
  Case c;
  c.file.code.writes = {code_write("cache", "lookup")};
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  c.file.code.writes[0].atomic = true;
  // Eight bytes of which nothing is known may be an object, and no lock helps that.
  c.file.code.writes[0].size = 8;
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  c.file.code.writes[0].size = 4;
  EXPECT_EQ(c.verdict(), VerdictKind::isolated);
  c.file.code.writes[0].atomic = false;
  c.file.code.writes[0].reached = {{model::RunsWhen::static_initialiser, ""}};
  EXPECT_EQ(c.verdict(), VerdictKind::isolated);
}

// A lock that a guessed command shows may not be there in the build; a unit that does not compile may hide a write.
TEST(Verdict, ASourceThatWasNotSeenWholeExplainsNothing) {
  model::Write locked = write_from("lookup");
  locked.guard = "PyMutex_Lock";
  const auto source = source_of({variable("counter", "int", model::PythonType::none, {locked})},
                                MultipleInterpreters::per_interpreter_gil);
  Case by_code;
  by_code.file.code.writes = {code_write("counter", "lookup")};
  by_code.facts = source;
  Case by_run;
  at(by_run.run, Level::sequential).changed = {overwritten_word("counter")};
  by_run.facts = source;
  EXPECT_EQ(by_code.verdict(), VerdictKind::isolated);
  EXPECT_EQ(by_run.verdict(), VerdictKind::isolated);
  by_code.facts.source.units[0].incomplete = by_run.facts.source.units[0].incomplete = true;
  EXPECT_EQ(by_code.verdict(), VerdictKind::suspect);
  EXPECT_EQ(by_run.verdict(), VerdictKind::unsafe);
}

// One level alone, in which nothing was looked for, proves nothing.
TEST(Verdict, WithoutEvidenceIsSuspect) {
  Case c;
  for (const Level level : {Level::main, Level::isolated, Level::sequential}) {
    at(c.run, level) = phase(level, Outcome::skipped, "no evidence was asked for");
  }
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  EXPECT_NE(c.reason().find("nothing was looked for"), std::string::npos) << c.reason();
}

TEST(Verdict, NamesTheCallThatNoStepMade) {
  Case c;
  c.file.code.writes = {code_write("cache", "store")};
  c.file.code.writes[0].reached = {{model::RunsWhen::call, "method `lookup` → lookup() → store()"}};
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  EXPECT_TRUE(c.reason().ends_with("; not exercised: method `lookup` (writes `cache`)")) << c.reason();
  // What begins at a plain function has no name to call it by.
  c.file.code.writes[0].reached[0].path = "lookup() → store()";
  EXPECT_EQ(c.reason().find("not exercised"), std::string::npos) << c.reason();
  // A step did call it.
  c.file.code.writes[0].reached[0].path = "method `lookup` → lookup() → store()";
  model::ChangedWord seen;
  seen.symbol = seen.linkage_name = "cache";
  seen.writers = {1};
  at(c.run, Level::isolated).changed = {seen};
  EXPECT_EQ(c.reason().find("not exercised"), std::string::npos) << c.reason();
}

TEST(Verdict, SourceThatWritesAGlobalIsSuspect) {
  Case c;
  c.facts = source_of({variable("counter", "int", model::PythonType::none, {write_from("call")})},
                      MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  c.facts.source.variables[0].writes[0].guard = "PyMutex_Lock";
  EXPECT_EQ(c.verdict(), VerdictKind::isolated);
  // The machine code shows the same store: the source has explained it.
  c.file.code.writes = {code_write("counter", "call")};
  EXPECT_EQ(c.verdict(), VerdictKind::isolated);
}

TEST(Verdict, AFunctionThatMeansOneInterpreterIsSuspect) {
  Case c;
  c.file.api_imports = {"PyGILState_Ensure"};
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
}

TEST(Verdict, HidingAFindingDoesNotHideItsVerdict) {
  model::Facts facts;
  facts.pythons = {python("3.14")};
  facts.binaries = {binary(Init::multi_phase, MultipleInterpreters::per_interpreter_gil)};
  facts.binaries[0].api_imports = {"PyGILState_Ensure"};
  facts.runs = {clean_run()};
  const auto report = judge(facts, {.select = {"single-phase-init"}, .ignore = {}});
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.modules[0].verdicts[0].kind, VerdictKind::suspect);
}

TEST(Verdict, ACountThatCameBackIsSuspectNotUnsafe) {
  Case c;
  model::ChangedWord count = overwritten_word("users");
  count.balanced = true;
  at(c.run, Level::isolated).changed = {count};
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
}

TEST(Verdict, WhatIsReplacedUnderALockIsNoProofOfHarm) {
  Case c;
  at(c.run, Level::isolated).changed = {overwritten_word("table")};
  model::CodeWrite write = code_write("table", "exec");
  write.size = 8;
  c.file.code.writes = {write};
  EXPECT_EQ(c.verdict(), VerdictKind::unsafe);
  // Whether it is an object that they replaced stays open.
  c.file.code.writes[0].guard = "pthread_mutex_lock";
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  write.function = "reset";
  c.file.code.writes.push_back(write);
  EXPECT_EQ(c.verdict(), VerdictKind::unsafe);
}

TEST(Verdict, AnAtomicCounterThatTwoInterpretersWroteIsExplained) {
  Case c;
  at(c.run, Level::isolated).changed = {overwritten_word("counter")};
  c.file.code.writes = {code_write("counter", "exec")};
  c.file.code.writes[0].atomic = true;
  c.file.code.writes[0].size = 4;
  EXPECT_EQ(c.verdict(), VerdictKind::isolated);
}

TEST(Verdict, RefusalsByWhatTheInterpreterDid) {
  Case c;
  c.file = binary(Init::multi_phase, MultipleInterpreters::absent);
  at(c.run, Level::isolated) = phase(Level::isolated, Outcome::refused, "module demo does not support ...");
  EXPECT_EQ(c.verdict(), VerdictKind::shared_gil_only);
  at(c.run, Level::strict_shared) = phase(Level::strict_shared, Outcome::refused, "module demo does not support ...");
  EXPECT_EQ(c.verdict(), VerdictKind::refused);
}

// What a check of the module's own does is no matter of the GIL, and only shows when there is a second interpreter.
TEST(Verdict, AGuardBehindARefusalIsSaid) {
  Case c;
  c.file = binary(Init::multi_phase, MultipleInterpreters::absent);
  at(c.run, Level::isolated) = phase(Level::isolated, Outcome::refused, "module demo does not support ...");
  model::Phase forced = phase(Level::forced, Outcome::error, "in interpreter 2: ImportError: once per process");
  forced.exceptions = {"ImportError"};
  const auto says_so = [&](const model::Phase& in_forced) {
    std::erase_if(c.run.phases, [](const model::Phase& one) { return one.level == Level::forced; });
    c.run.phases.push_back(in_forced);
    EXPECT_EQ(c.verdict(), VerdictKind::shared_gil_only);
    return c.reason().ends_with("turns away the second of them: in interpreter 2: ImportError: once per process");
  };
  EXPECT_FALSE(says_so(forced));  // none was let in
  forced.imports = 1;
  EXPECT_TRUE(says_so(forced));
  forced.exceptions = {"KeyError"};
  EXPECT_FALSE(says_so(forced));
  // A text of the file's own says whose check it is: then not even interpreters that share a GIL may have it.
  c.file.guard_texts = {"once per process"};
  forced.exceptions = {"ImportError"};
  c.run.phases.back() = forced;
  EXPECT_EQ(c.verdict(), VerdictKind::refused);
  EXPECT_EQ(c.reason(),
            "its own check turns away the second interpreter: in interpreter 2: ImportError: once per process");
}

TEST(Verdict, WhatDoesWellOnlyWithoutItsPackageIsNotProved) {
  Case c;
  c.run.also_failed = {"isolated-concurrent, with its package: KeyError: 'int4'"};
  EXPECT_EQ(c.verdict(), VerdictKind::suspect);
  EXPECT_TRUE(c.reason().ends_with("yet isolated-concurrent, with its package: KeyError: 'int4'")) << c.reason();
}

TEST(Verdict, BlockedNamesTheDependency) {
  Case c;
  at(c.run, Level::isolated) = phase(Level::isolated, Outcome::error, "ImportError: module dep does not support ...");
  c.run.refused_dependencies = {"dep"};
  const auto verdict = verdict_for(c.facts, c.file, python("3.14"), &c.run, {});
  EXPECT_EQ(verdict.kind, VerdictKind::blocked);
  EXPECT_EQ(verdict.blocked_by, (std::vector<std::string>{"dep"}));
}

TEST(Verdict, WhatDoesNotLoadInMainIsUnknown) {
  Case c;
  at(c.run, Level::main) = phase(Level::main, Outcome::error, "ImportError: libfoo.so.1: cannot open");
  EXPECT_EQ(c.verdict(), VerdictKind::unknown);
}

TEST(Verdict, NotRun) {
  const std::pair<model::BinaryFacts, VerdictKind> rows[] = {
      {binary(Init::single_phase, MultipleInterpreters::absent), VerdictKind::refused},
      {binary(Init::multi_phase, MultipleInterpreters::not_supported), VerdictKind::refused},
      {binary(Init::multi_phase, MultipleInterpreters::absent), VerdictKind::shared_gil_only},
      {binary(Init::multi_phase, MultipleInterpreters::supported), VerdictKind::shared_gil_only},
      {binary(Init::multi_phase, MultipleInterpreters::per_interpreter_gil), VerdictKind::unknown},
      {binary(Init::undetermined, MultipleInterpreters::undetermined), VerdictKind::unknown},
  };
  for (const auto& [file, expected] : rows) {
    const auto verdict = verdict_for({}, file, python("3.14"), nullptr, {});
    EXPECT_EQ(verdict.kind, expected);
    EXPECT_FALSE(verdict.reason.empty());
  }
}

TEST(Verdict, AFileOfAnotherPythonIsSaidUnlessItsOwnTwinIsThere) {
  model::Facts facts;
  facts.pythons = {python("3.14")};
  auto file = binary(Init::multi_phase, MultipleInterpreters::absent);
  file.importable_by = {};
  file.abi_tag = "cpython-313";
  file.named = true;
  facts.binaries = {file};
  auto report = judge(facts, {});
  ASSERT_EQ(report.modules[0].verdicts.size(), 1U);
  EXPECT_EQ(report.modules[0].verdicts[0].kind, VerdictKind::unknown);

  // One of many in a folder is not what was asked for.
  facts.binaries[0].named = false;
  EXPECT_TRUE(judge(facts, {}).modules[0].verdicts.empty());
  facts.binaries[0].named = true;

  auto twin = binary(Init::multi_phase, MultipleInterpreters::absent);
  twin.path = "pkg/demo.cpython-314.so";
  facts.binaries.push_back(twin);
  report = judge(facts, {});
  std::size_t verdicts = 0;
  for (const auto& module : report.modules) verdicts += module.verdicts.size();
  EXPECT_EQ(verdicts, 1U);
}

TEST(Verdict, BytesAndImportSystemThatDisagreeAreAGap) {
  model::Facts facts;
  facts.pythons = {python("3.14")};
  facts.binaries = {binary(Init::multi_phase, MultipleInterpreters::absent)};
  facts.runs = {clean_run()};
  EXPECT_EQ(judge(facts, {}).gaps.size(), 1U);
}

}  // namespace
}  // namespace isoaudit::rules
