// What an interpreter leaves behind is found by its trend over rounds, not by one difference.
#include <gmock/gmock.h>

#include "loader_probe/host/leaks.h"
#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Leak;
using model::Level;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> leaks_of(const std::string& module, const model::Interpreter& python) {
  const model::RunFacts run = run_module(module, python);
  EXPECT_EQ(phase(run, Level::sequential).outcome, model::Outcome::ok) << told(phase(run, Level::sequential));
  std::vector<std::string> told;
  for (const Leak& leak : phase(run, Level::sequential).leaks) {
    EXPECT_GE(leak.each, 1);
    // How many blocks a type takes is the interpreter's business.
    told.push_back(to_string(leak.kind) + (leak.name.empty() ? "" : " " + leak.name));
  }
  return told;
}

TEST(Leaks, OfTypesThreadsAndDescriptors) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    EXPECT_THAT(leaks_of("leaks_type", python), testing::Contains("type leaks_type.Thing"));
    EXPECT_THAT(leaks_of("leaves_thread", python), testing::Contains("threads"));
    EXPECT_THAT(leaks_of("leaves_descriptor", python), ElementsAre("descriptors"));
  }
}

TEST(Leaks, OfBlocksWhereTheInterpreterFreesItsOwn) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("leaks_blocks", python);
    const auto& leaks = phase(run, Level::sequential).leaks;
    if (!model::frees_its_blocks(python.version)) {
      EXPECT_THAT(leaks, IsEmpty());
      continue;
    }
    ASSERT_EQ(leaks.size(), 1u);
    EXPECT_EQ(leaks[0], (Leak{Leak::Kind::blocks, "", 1, 3}));
  }
}

TEST(Leaks, NoneInACleanModule) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.id);
    for (const char* module : {"clean", "datetime_user"}) EXPECT_THAT(leaks_of(module, python), IsEmpty()) << module;
  }
}

loader_probe::EventLog log_of(const std::vector<int>& blocks_by_round) {
  loader_probe::EventLog log;
  for (std::size_t i = 0; i < blocks_by_round.size(); ++i) {
    log.events.push_back(llvm::json::Object{{"e", "left"},
                                            {"round", static_cast<std::int64_t>(i) - 1},
                                            {"blocks", blocks_by_round[i]},
                                            {"threads", 0},
                                            {"descriptors", 0},
                                            {"mappings", 0}});
  }
  return log;
}

TEST(Leaks, ATrendIsMoreThanOneDifference) {
  // Without the module, then with it: the first one fills what is filled once.
  EXPECT_THAT(loader_probe::find_leaks(log_of({2, 90, 2, 2, 2}), true), IsEmpty());
  EXPECT_THAT(loader_probe::find_leaks(log_of({2, 90, 9, 9}), true), IsEmpty());
  EXPECT_THAT(loader_probe::find_leaks(log_of({2, 90, 9, 2, 9}), true), IsEmpty());
  EXPECT_THAT(loader_probe::find_leaks(log_of({2, 90, 9, 7, 8}), true),
              ElementsAre(Leak{Leak::Kind::blocks, "", 5, 3}));
  EXPECT_THAT(loader_probe::find_leaks(log_of({2, 90, 9, 7, 8}), false), IsEmpty());
}

}  // namespace
}  // namespace isoaudit::tests
