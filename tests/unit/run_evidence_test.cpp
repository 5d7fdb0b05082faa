// What only a run tells: who wrote, what was taken back, what an interpreter leaves behind.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using hand_made::at;
using hand_made::clean_run;
using model::Level;

model::Facts run_with(const model::ChangedWord& word) {
  model::Facts facts;
  facts.runs = {clean_run()};
  at(facts.runs[0], Level::isolated).changed = {word};
  return facts;
}

model::ChangedWord counter() {
  model::ChangedWord word;
  word.symbol = word.linkage_name = "counter";
  word.section = ".bss";
  word.step = "import";
  return word;
}

const model::Finding* find(const model::Report& report, const std::string& rule) {
  const auto found = std::ranges::find(report.findings, rule, &model::Finding::rule);
  return found == report.findings.end() ? nullptr : &*found;
}

/// The first reason of the finding on a variable that interpreters write; empty without one.
std::string evidence_of(const model::Facts& facts) {
  const model::Report report = judge(facts, {});
  const model::Finding* finding = find(report, "non-object-mutable-static");
  return finding == nullptr || finding->because.empty() ? "" : finding->because[0].text;
}

TEST(RunEvidence, ACountOfAnInstrumentedBuildIsTheCompilers) {
  model::ChangedWord word = counter();
  word.writers = {1, 2};
  word.overwritten = true;
  EXPECT_NE(evidence_of(run_with(word)), "");
  word.symbol = word.linkage_name = "__gcov0.set_up";
  EXPECT_EQ(evidence_of(run_with(word)), "");
  word.symbol = word.linkage_name = "";
  word.section = "__llvm_prf_cnts";
  EXPECT_EQ(evidence_of(run_with(word)), "");
}

TEST(RunEvidence, NamesTheWriters) {
  model::ChangedWord word = counter();
  word.writers = {1, 2};
  word.overwritten = true;
  struct Case {
    std::vector<model::WritingFunction> by;
    const char* text;
  };
  const Case cases[] = {
      {{}, ""},
      {{{"exec", "demo.c", 42, 0x1100, ""}}, ", written by `exec` (demo.c:42)"},
      {{{"exec", "demo.c", 0, 0x1100, ""}}, ", written by `exec` (demo.c)"},
      {{{"exec", "demo.c", 42, 0x1100, ""}, {"exec", "demo.c", 42, 0x1108, ""}}, ", written by `exec` (demo.c:42)"},
      {{{"", "", 0, 0x1100, ""}, {"fill", "", 0, 0x1200, "memset"}},
       ", written by the code at 0x1100 and `fill` through `memset`"},
      {{{"a", "", 0, 1, ""}, {"b", "", 0, 2, ""}, {"c", "", 0, 3, ""}, {"d", "", 0, 4, ""}},
       ", written by `a`, `b`, `c` and 1 more"},
  };
  for (const Case& c : cases) {
    word.by = c.by;
    EXPECT_EQ(
        evidence_of(run_with(word)),
        std::string("Python 3.14: interpreter 2 replaced what interpreter 1 had written to `counter` during import") +
            c.text);
  }
}

TEST(RunEvidence, AValueTakenBackIsAMeetingAndTheSameValueIsNone) {
  model::ChangedWord word = counter();
  word.silent_writers = {1, 2};
  EXPECT_EQ(evidence_of(run_with(word)), "");
  word.transient = true;
  EXPECT_EQ(evidence_of(run_with(word)), "Python 3.14: interpreters 1 and 2 both wrote to `counter` during import");
  EXPECT_EQ(judge(run_with(word), {}).findings[0].status, model::Status::possible);
}

/// What a forced run shares, in the words of the finding on the declaration.
TEST(RunEvidence, WhatWouldBreakIsCounted) {
  const auto words_for = [](std::size_t places, std::size_t common) {
    model::Facts facts;
    facts.pythons = {hand_made::python("3.14")};
    facts.binaries = {hand_made::binary(model::Init::multi_phase, model::MultipleInterpreters::absent)};
    facts.runs = {clean_run()};
    at(facts.runs[0], Level::isolated).outcome = model::Outcome::refused;
    at(facts.runs[0], Level::forced).shared.resize(places);
    model::SharedObject object;
    object.kind = model::SharedObject::Kind::common;
    for (std::size_t i = 0; i < common; ++i) at(facts.runs[0], Level::forced).shared.push_back(object);
    const model::Report report = judge(facts, {});
    const model::Finding* finding = find(report, "no-multiple-interpreters-slot");
    const std::string begin = "Python 3.14 (forced): with the import check overridden it loads";
    for (const model::Because& because : finding->because) {
      if (because.text.starts_with(begin)) return because.text.substr(begin.size());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(words_for(0, 0), " in one interpreter after the other, and nothing was seen to be shared");
  EXPECT_EQ(words_for(1, 0), ", and 1 place of its memory is shared");
  EXPECT_EQ(words_for(0, 2), ", and 2 objects of one interpreter are handed to the others");
  EXPECT_EQ(words_for(3, 1),
            ", and 3 places of its memory are shared and 1 object of one interpreter is handed to the others");
}

TEST(RunEvidence, WhatIsLeftBehindIsAdvice) {
  model::Facts facts;
  facts.runs = {clean_run()};
  at(facts.runs[0], Level::sequential).leaks = {{model::Leak::Kind::type, "demo.Thing", 1, 3},
                                                {model::Leak::Kind::blocks, "", 12, 3}};
  const auto report = judge(facts, {});
  ASSERT_EQ(report.findings.size(), 1U);
  const model::Finding& finding = report.findings[0];
  EXPECT_EQ(finding.rule, "interpreter-leak");
  EXPECT_EQ(finding.severity, model::Severity::advice);
  ASSERT_EQ(finding.because.size(), 2U);
  EXPECT_EQ(finding.because[0].text,
            "Python 3.14 (isolated-sequential): at least 12 blocks of memory left by each of 3 interpreters in turn");
  EXPECT_EQ(finding.because[1].text,
            "Python 3.14 (isolated-sequential): type 'demo.Thing' left by each of 3 interpreters in turn");
}

TEST(RunEvidence, AnAbortOfTheCheckingAllocatorIsAFinding) {
  model::Facts facts;
  facts.runs = {clean_run()};
  facts.runs[0].phases.push_back(hand_made::phase(Level::debug_memory, model::Outcome::ok));
  EXPECT_TRUE(judge(facts, {}).findings.empty());
  at(facts.runs[0], Level::debug_memory) =
      hand_made::phase(Level::debug_memory, model::Outcome::crashed, "SIGABRT during end of interpreter 2: bad ID");
  const auto report = judge(facts, {});
  const model::Finding* finding = find(report, "foreign-free");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->because[0].text, "Python 3.14 (debug-memory): SIGABRT during end of interpreter 2: bad ID");
}

}  // namespace
}  // namespace isoaudit::rules
