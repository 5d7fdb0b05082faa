// What a run showed becomes findings and verdicts.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::MultipleInterpreters;
using model::Severity;

TEST(RunRules, WhatTheModulesMemoryHoldsNamesTheRule) {
  struct Case {
    model::SharedObject object;
    const char* rule;
  };
  using Kind = model::SharedObject::Kind;
  const auto object = [](Kind kind, bool type, bool exception) {
    model::SharedObject o;
    o.kind = kind;
    o.symbol = "thing";
    o.section = ".bss";
    o.description = "an object";
    o.is_type = type;
    o.is_exception = exception;
    o.owners = {1};
    return o;
  };
  model::SharedObject types_dict = object(Kind::holds, false, false);
  types_dict.by = {{.function = "PyInit_demo", .through = "PyType_Ready"}};
  const Case cases[] = {{object(Kind::holds, false, false), "global-pyobject-cache"},
                        {types_dict, "static-type-object"},
                        {object(Kind::holds, true, false), "global-heap-type-pointer"},
                        {object(Kind::holds, true, true), "global-exception"},
                        {object(Kind::is_static, true, false), "static-type-object"},
                        {object(Kind::is_static, false, false), "static-instance"},
                        {object(Kind::block, false, false), "pymem-block-in-global"}};
  for (const Case& c : cases) {
    model::Facts facts;
    facts.runs = {clean_run()};
    at(facts.runs[0], model::Level::isolated).shared = {c.object};
    std::vector<std::string> slugs;
    for (const model::Finding& finding : judge(facts, {}).findings) slugs.push_back(finding.rule);
    std::ranges::sort(slugs);
    std::vector<std::string> expected{c.rule, "slot-per-interpreter-gil-with-state"};
    std::ranges::sort(expected);
    EXPECT_EQ(slugs, expected);
  }
}

TEST(RunRules, WhatLiesBehindAGlobalIsADoubt) {
  model::Facts facts;
  facts.runs = {clean_run()};
  model::SharedObject table;
  table.kind = model::SharedObject::Kind::leads_to;
  table.symbol = "table";
  table.section = ".bss";
  table.description = "dict";
  table.owners = {1};
  at(facts.runs[0], model::Level::isolated).behind = {table};
  facts.binaries = {binary(model::Init::multi_phase, MultipleInterpreters::per_interpreter_gil)};
  facts.pythons = {python("3.14")};
  const model::Report report = judge(facts, {});
  EXPECT_EQ(report.modules[0].verdicts[0].kind, model::VerdictKind::suspect) << report.modules[0].verdicts[0].reason;
  const auto finding = std::ranges::find(report.findings, "global-pyobject-cache", &model::Finding::rule);
  ASSERT_NE(finding, report.findings.end());
  EXPECT_EQ(finding->status, model::Status::possible);
  EXPECT_NE(finding->severity, Severity::advice);
}

TEST(RunRules, WhatARestingInterpreterShowsIsProof) {
  model::Facts facts;
  facts.runs = {clean_run()};
  at(facts.runs[0], model::Level::isolated).disturbed = {"`demo.Error`: 5 references before, 6 after"};
  facts.binaries = {binary(model::Init::multi_phase, MultipleInterpreters::per_interpreter_gil)};
  facts.pythons = {python("3.14")};
  const model::Report report = judge(facts, {});
  EXPECT_EQ(report.modules[0].verdicts[0].kind, model::VerdictKind::unsafe);
  EXPECT_EQ(report.modules[0].verdicts[0].reason, "`demo.Error`: 5 references before, 6 after");
  EXPECT_NE(std::ranges::find(report.findings, "demo.Error", [](const auto& f) { return f.subject.name; }),
            report.findings.end());
}

TEST(RunRules, AThreadThatGotMainIsAFindingOfItsFunction) {
  model::Facts facts;
  facts.runs = {clean_run()};
  at(facts.runs[0], model::Level::isolated).foreign_threads = {
      {"PyGILState_Ensure", {"run", "demo.c", 7, 0, ""}, "exercise"}};
  const model::Report report = judge(facts, {});
  const auto finding = std::ranges::find(report.findings, "pygilstate", &model::Finding::rule);
  ASSERT_NE(finding, report.findings.end());
  EXPECT_EQ(finding->subject.name, "PyGILState_Ensure");
  EXPECT_EQ(finding->status, model::Status::confirmed);
  ASSERT_EQ(finding->because.size(), 1u);
  EXPECT_TRUE(finding->because[0].text.ends_with("got the main one, asked for by `run`")) << finding->because[0].text;
}

TEST(RunRules, OnlyTwoWritersAreAConflict) {
  for (const bool two : {false, true}) {
    model::Facts facts;
    facts.runs = {clean_run()};
    model::ChangedWord word = overwritten_word("counter");
    if (!two) word.writers = {1};
    at(facts.runs[0], model::Level::isolated).changed = {word};
    const auto report = judge(facts, {});
    EXPECT_EQ(report.findings.size(), two ? 2U : 0U);
  }
}

TEST(RunRules, AThreadsOwnPlainDataIsNoConflict) {
  model::Facts facts;
  facts.runs = {clean_run()};
  model::ChangedWord word = overwritten_word("depth");
  word.section = ".tbss";
  at(facts.runs[0], model::Level::isolated).changed = {word};
  EXPECT_TRUE(judge(facts, {}).findings.empty());
}

}  // namespace
}  // namespace isoaudit::rules
