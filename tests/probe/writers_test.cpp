// Writes are tracked by instruction: a changed variable comes with the functions that wrote it, and writes that leave
// nothing to compare are seen.
#include <gmock/gmock.h>

#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::ChangedWord;
using model::Level;
using model::WritingFunction;
using testing::ElementsAre;
using testing::IsEmpty;

const ChangedWord* find(const model::Phase& phase, const std::string& symbol) {
  for (const ChangedWord& word : phase.changed) {
    if (word.symbol == symbol) return &word;
  }
  return nullptr;
}

std::vector<std::string> functions(const std::vector<WritingFunction>& writers) {
  std::vector<std::string> names;
  for (const WritingFunction& writer : writers) {
    names.push_back(writer.function + (writer.through.empty() ? "" : " through " + writer.through));
  }
  return names;
}

TEST(Writers, AreNamedWithTheirLine) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("counter", python);
    const ChangedWord* word = find(phase(run, Level::isolated), "imports");
    ASSERT_NE(word, nullptr);
    ASSERT_EQ(word->by.size(), 1u);
    EXPECT_EQ(word->by[0].function, "exec");
    EXPECT_EQ(word->by[0].file, "counter.c");
    EXPECT_EQ(word->by[0].line, 5u);
    EXPECT_EQ(word->by[0].through, "");
  }
}

TEST(Writers, AreNamedForObjectsAndWithForce) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("global_exception", python);
    ASSERT_EQ(phase(run, Level::isolated).shared.size(), 1u);
    EXPECT_THAT(functions(phase(run, Level::isolated).shared[0].by), ElementsAre("exec"));
    const model::RunFacts undeclared = run_module("single_phase", python);
    ASSERT_EQ(phase(undeclared, Level::forced).shared.size(), 1u);
    EXPECT_THAT(functions(phase(undeclared, Level::forced).shared[0].by), ElementsAre("PyInit_single_phase"));
  }
}

#if defined(__x86_64__)  // elsewhere only the first write to a page is seen

TEST(Writers, OfWhatLeavesNothingToCompare) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("rewrites", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    const ChangedWord* put_back = find(isolated, "phase");
    ASSERT_NE(put_back, nullptr);
    EXPECT_TRUE(put_back->transient);
    EXPECT_THAT(put_back->writers, IsEmpty());
    EXPECT_THAT(put_back->silent_writers, ElementsAre(1, 2));
    EXPECT_THAT(functions(put_back->by), ElementsAre("begin", "end"));

    const ChangedWord* again = find(isolated, "page_size");
    ASSERT_NE(again, nullptr);
    EXPECT_FALSE(again->transient);
    EXPECT_THAT(again->writers, ElementsAre(1));
    EXPECT_THAT(again->silent_writers, ElementsAre(2));

    const ChangedWord* filled = find(isolated, "scratch");
    ASSERT_NE(filled, nullptr);
    ASSERT_EQ(filled->by.size(), 1u);
    EXPECT_EQ(filled->by[0].function, "exec");
    EXPECT_NE(filled->by[0].through, "");
  }
}

#endif

// The module's own handler takes the fault that was to be noted: the comparison is then all there is, and that is told.
TEST(Writers, AHandlerOfTheModuleIsNoFaultOfIt) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const auto result = loader_probe::probe(build_module("handles_faults", python), python, probe_options());
    const model::Phase& isolated = phase(result.run, Level::isolated);
    EXPECT_EQ(isolated.outcome, model::Outcome::ok) << told(isolated);
    const ChangedWord* word = find(isolated, "imports");
    ASSERT_NE(word, nullptr);
    EXPECT_TRUE(word->overwritten);
    EXPECT_EQ(result.notes.size(), 1u);
  }
}

TEST(Writers, OfMuchAreTrackedWithinBounds) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    loader_probe::ProbeOptions options = probe_options();
    options.timeout = 10;
    const auto result = loader_probe::probe(build_module("writes_often", python), python, options);
    const ChangedWord* word = find(phase(result.run, Level::isolated), "imports");
    ASSERT_NE(word, nullptr);
    EXPECT_THAT(functions(word->by), ElementsAre("exec"));
    EXPECT_EQ(result.notes.size(), 1u);
  }
}

}  // namespace
}  // namespace isoaudit::tests
