// Ways in which probes got real modules wrong, each with a small module that shows it: what only looks shared, what
// only looks clean, and faults that are somebody else's. Further ones stand where their evidence is tested: static
// types that 3.14 makes immortal, tables that look like objects (sharing_test), calls that an import does not make
// (exercise_test), faults that debug builds find in main (warm_and_debug_test).
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::Outcome;
using model::SharedObject;
using testing::IsEmpty;

std::vector<SharedObject> of_kind(const model::Phase& phase, SharedObject::Kind kind) {
  std::vector<SharedObject> found;
  for (const SharedObject& object : phase.shared) {
    if (object.kind == kind) found.push_back(object);
  }
  return found;
}

// Each module dict keeps its own exception while the C variable holds the last importer's: to compare what the modules
// offer finds nothing.
TEST(WaysToBeWrong, ModuleAttributesDifferWhileAGlobalIsShared) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("global_exception", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_THAT(of_kind(isolated, SharedObject::Kind::common), IsEmpty());
    EXPECT_EQ(of_kind(isolated, SharedObject::Kind::holds).size(), 1u) << told(isolated);
  }
}

// The other way round: nothing in a global, and one object in two modules.
TEST(WaysToBeWrong, OneObjectThatNoGlobalHolds) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("one_error_for_all", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_THAT(of_kind(isolated, SharedObject::Kind::holds), IsEmpty());
    const auto common = of_kind(isolated, SharedObject::Kind::common);
    ASSERT_EQ(common.size(), 1u) << told(isolated);
    const auto error = common.begin();
    EXPECT_EQ(error->symbol, "one_error_for_all.Error");
    EXPECT_TRUE(error->is_exception);
    EXPECT_THAT(error->owners, testing::ElementsAre(1, 2));
  }
}

// No word of its memory is the address of what it uses.
TEST(WaysToBeWrong, AnObjectOfARestingInterpreterMoves) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("touches_the_first", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_THAT(isolated.shared, IsEmpty());
    ASSERT_FALSE(isolated.disturbed.empty()) << told(isolated);
    EXPECT_THAT(isolated.disturbed[0],
                testing::MatchesRegex("`touches_the_first.Error`: [0-9]+ references before, [0-9]+ after .*"));
    EXPECT_THAT(phase(run_module("clean", python), Level::isolated).disturbed, IsEmpty());
  }
}

#if defined(__x86_64__)  // elsewhere only the first write to a page is seen

TEST(WaysToBeWrong, AGlobalThatRestsAtNone) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("none_at_rest", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_THAT(isolated.shared, IsEmpty());
    ASSERT_EQ(isolated.changed.size(), 1u) << told(isolated);
    EXPECT_EQ(isolated.changed[0].symbol, "item");
    EXPECT_TRUE(isolated.changed[0].transient);
    EXPECT_THAT(isolated.changed[0].silent_writers, testing::ElementsAre(1, 2));
  }
}

#endif

// One look at the globals misses it; one that follows every pointer would accuse table_for_each and list_for_each as
// well, which sharing_test has among the clean ones.
TEST(WaysToBeWrong, ATableOfTheFirstOneBehindAPointer) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("table_of_first", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    EXPECT_THAT(isolated.shared, IsEmpty());
    ASSERT_EQ(isolated.behind.size(), 1u) << told(isolated);
    EXPECT_EQ(isolated.behind[0].symbol, "table");
    EXPECT_EQ(isolated.behind[0].description, "exception class 'table_of_first.Thing'");
    EXPECT_THAT(isolated.behind[0].owners, testing::ElementsAre(1));
  }
}

namespace fs = std::filesystem;

/// A package whose own code imports another of its modules before the one that is asked for.
loader_probe::ProbeInput in_package_after(const std::string& other, const std::string& module,
                                          const model::Interpreter& python) {
  const fs::path root = fs::path(testing::TempDir()) / ("after_" + other + python.full_version + python.id);
  fs::remove_all(root);
  fs::create_directories(root / "pkg");
  std::ofstream(root / "pkg" / "__init__.py") << "from pkg import " << other << "\n";
  for (const std::string& name : {other, module}) {
    const fs::path built = build_module(name, python).path;
    fs::copy_file(built, root / "pkg" / built.filename());
  }
  const std::string file = module + python.ext_suffix;
  return {"pkg." + module, (root / "pkg" / file).string(), root.string(), true};
}

// To import by name runs the package, and what ends the process there is somebody else's fault.
TEST(WaysToBeWrong, AnotherModuleOfThePackageCrashes) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const auto clean = in_package_after("crashes_isolated", "clean", python);
    const model::RunFacts run = loader_probe::probe(clean, python, probe_options()).run;
    EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
    EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::error) << told(phase(run, Level::isolated));
    EXPECT_THAT(phase(run, Level::isolated).detail, testing::HasSubstr("alone, without the code of its packages"));
    EXPECT_THAT(run.refused_dependencies, testing::ElementsAre("pkg.crashes_isolated"));

    // Neither is it an excuse.
    const auto shares = in_package_after("crashes_isolated", "global_dict", python);
    const model::RunFacts wrong = loader_probe::probe(shares, python, probe_options()).run;
    EXPECT_EQ(phase(wrong, Level::isolated).shared.size(), 1u) << told(phase(wrong, Level::isolated));
    EXPECT_THAT(wrong.refused_dependencies, IsEmpty());
    const auto itself = in_package_after("clean", "crashes_isolated", python);
    const model::RunFacts own = loader_probe::probe(itself, python, probe_options()).run;
    EXPECT_EQ(phase(own, Level::isolated).outcome, Outcome::crashed) << told(phase(own, Level::isolated));
  }
}

TEST(WaysToBeWrong, AnotherModuleOfThePackageFailsWhereInterpretersMeet) {
  loader_probe::ProbeOptions options = probe_options();
  options.rounds = 1;
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const auto clean = in_package_after("bears_no_other", "clean", python);
    const model::RunFacts run = loader_probe::probe(clean, python, options).run;
    const model::Phase& concurrent = phase(run, Level::concurrent);
    EXPECT_EQ(concurrent.outcome, Outcome::ok) << told(concurrent);
    EXPECT_THAT(concurrent.detail, testing::StartsWith("alone, without the code of its packages"));
    EXPECT_THAT(run.also_failed, testing::ElementsAre(testing::HasSubstr("somebody else is in exec")));

    const auto itself = in_package_after("clean", "bears_no_other", python);
    const model::RunFacts own = loader_probe::probe(itself, python, options).run;
    EXPECT_EQ(phase(own, Level::concurrent).outcome, Outcome::error) << told(phase(own, Level::concurrent));
    EXPECT_THAT(own.also_failed, IsEmpty());
  }
}

// Where a dependency refuses, it is forced in as well: what the module's own memory then holds is its own doing.
TEST(WaysToBeWrong, AModuleIsJudgedBehindADependencyThatRefuses) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const auto input = in_package_after("single_phase", "global_dict", python);
    const model::RunFacts run = loader_probe::probe(input, python, probe_options()).run;
    EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::error) << told(phase(run, Level::isolated));
    EXPECT_THAT(run.refused_dependencies, testing::ElementsAre("pkg.single_phase"));
    ASSERT_EQ(phase(run, Level::forced).shared.size(), 1u) << told(phase(run, Level::forced));
    EXPECT_EQ(phase(run, Level::forced).shared[0].symbol, "cache");
  }
}

// Its exec goes on only with what the other one offers: that is there in the forced level, where the other one has been
// let in too. Then it is judged by what its own memory holds; the table is none of its own.
TEST(WaysToBeWrong, AModuleIsJudgedBehindACapsuleOfWhatIsRefused) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    for (const auto& [module, shares] : {std::pair{"needs_capsule", false}, {"needs_capsule_and_shares", true}}) {
      SCOPED_TRACE(module);
      const auto input = in_package_after("offers_capsule", module, python);
      const model::RunFacts run = loader_probe::probe(input, python, probe_options()).run;
      EXPECT_EQ(phase(run, Level::main).outcome, Outcome::ok) << told(phase(run, Level::main));
      EXPECT_EQ(phase(run, Level::isolated).outcome, Outcome::error) << told(phase(run, Level::isolated));
      EXPECT_THAT(run.refused_dependencies, testing::ElementsAre("pkg.offers_capsule"));
      const model::Phase& forced = phase(run, Level::forced);
      EXPECT_EQ(forced.outcome, Outcome::ok) << told(forced);
      ASSERT_EQ(forced.shared.size(), shares ? 1u : 0u) << told(forced);
      if (shares) {
        EXPECT_EQ(forced.shared[0].symbol, "cache");
      }
    }
  }
}

// A debug build that stops at a fault of another kind says nothing about interpreters: main alone shows that.
TEST(WaysToBeWrong, ATraverseThatMeetsAnEmptyState) {
  loader_probe::ProbeOptions options = probe_options();
  options.debug_build = true;
  unsigned columns = 0;
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("null_state_traverse", python, options);
    for (const Level level : {Level::main, Level::isolated, Level::sequential, Level::concurrent}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::ok) << told(phase(run, level));
    }
    const model::Phase* column = model::find_phase(run, Level::debug_build);
    if (column == nullptr) continue;
    ++columns;
    EXPECT_EQ(column->outcome, Outcome::skipped) << told(*column);
    EXPECT_THAT(column->detail,
                testing::MatchesRegex("its main interpreter alone: SIGSEGV during import.*`traverse`.*"));
  }
  EXPECT_GE(columns, 1u);
}

// Whoever waits for a crash calls this one fine: no level fails, not even Python's checking allocator.
TEST(WaysToBeWrong, SurvivalProvesNothing) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("module_pointer", python);
    for (const Level level :
         {Level::isolated, Level::sequential, Level::concurrent, Level::warm, Level::debug_memory}) {
      EXPECT_EQ(phase(run, level).outcome, Outcome::ok) << told(phase(run, level));
    }
    EXPECT_EQ(phase(run, Level::isolated).shared.size(), 1u);
  }
}

}  // namespace
}  // namespace isoaudit::tests
