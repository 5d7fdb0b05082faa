// Sources that say one thing to one Python and another to the next: each finding and verdict is of its own Pythons.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::MultipleInterpreters;
using model::PythonType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

model::SourceFacts with_variables(std::vector<std::string> names,
                                  MultipleInterpreters declared = MultipleInterpreters::absent) {
  std::vector<model::Variable> variables;
  for (std::string& name : names) {
    model::Write write = write_from("lookup", model::StoredValue::call, "PyDict_New");
    write.reached = {{model::RunsWhen::call, "method `lookup`"}};
    variables.push_back(variable(std::move(name), "PyObject *", PythonType::object_pointer, {write}));
  }
  return source_of(std::move(variables), declared).source;
}

/// 3.12 sees `old` and `both`, 3.13 and 3.14 see `both`.
model::Facts two_views(MultipleInterpreters old_one = MultipleInterpreters::absent,
                       MultipleInterpreters new_one = MultipleInterpreters::absent) {
  model::Facts facts;
  facts.pythons = {python("3.12"), python("3.13"), python("3.14")};
  facts.source_views = {{{"3.12"}, with_variables({"both", "old"}, old_one)},
                        {{"3.13", "3.14"}, with_variables({"both"}, new_one)}};
  return facts;
}

const model::Finding& about(const model::Report& report, const std::string& name) {
  for (const model::Finding& finding : report.findings) {
    if (finding.subject.name == name) return finding;
  }
  ADD_FAILURE() << "nothing about " << name;
  static const model::Finding none;
  return none;
}

TEST(SourceViews, AFindingNamesItsPythonsUnlessItHoldsForAll) {
  const model::Report report = judge(two_views(), {});
  EXPECT_THAT(about(report, "both").pythons, IsEmpty());
  EXPECT_THAT(about(report, "old").pythons, ElementsAre("3.12"));
  EXPECT_EQ(std::ranges::count(report.findings, "both", [](const auto& f) { return f.subject.name; }), 1);
}

TEST(SourceViews, ViewsThatSayTheSameLeaveNoTrace) {
  model::Facts one = source_of(with_variables({"cache"}).variables);
  one.pythons = {python("3.13"), python("3.14")};
  model::Facts two = one;
  two.source_views = {{{"3.13"}, one.source}, {{"3.14"}, one.source}};
  two.source = {};
  EXPECT_TRUE(judge(one, {}) == judge(two, {}));
}

TEST(SourceViews, AReasonThatOnlySomeHaveSaysWhose) {
  model::Facts facts = two_views();
  model::Write more = write_from("clear", model::StoredValue::call, "PyDict_New");
  more.where.line = 77;
  more.reached = {{model::RunsWhen::call, "method `lookup`"}};
  facts.source_views[1].facts.variables[0].writes.push_back(more);
  const model::Report report = judge(facts, {});
  const model::Finding& finding = about(report, "both");
  EXPECT_THAT(finding.pythons, IsEmpty());
  std::vector<std::string> marked;
  for (const model::Because& because : finding.because) {
    if (because.text.ends_with("(Python 3.13, 3.14)")) marked.push_back(because.where.function);
  }
  EXPECT_THAT(marked, ElementsAre("clear"));
  EXPECT_EQ(std::ranges::count(report.findings, "both", [](const auto& f) { return f.subject.name; }), 1);
}

TEST(SourceViews, AHookAnswersEachVersionByItself) {
  const model::Report report =
      judge(two_views(MultipleInterpreters::not_supported, MultipleInterpreters::per_interpreter_gil), {});
  ASSERT_EQ(report.modules.size(), 1u);
  const model::ModuleReport& module = report.modules[0];
  ASSERT_EQ(module.entry_points.size(), 2u);
  EXPECT_EQ(module.entry_points[0].only_for, (std::vector<model::PythonVersion>{{3, 12}}));
  EXPECT_EQ(module.entry_points[1].only_for, (std::vector<model::PythonVersion>{{3, 13}, {3, 14}}));
  EXPECT_EQ(module.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  // Where support is declared the variable breaks a promise.
  const model::Finding& finding = about(report, "both");
  EXPECT_EQ(finding.severity, model::Severity::blocker);
  EXPECT_THAT(finding.pythons, IsEmpty());
  const auto weaker = [](const model::Because& because) {
    return because.text.starts_with("Python 3.12: there hazard: `both`");
  };
  EXPECT_EQ(std::ranges::count_if(finding.because, weaker), 1);
}

model::Facts with_runs(std::vector<std::string> of_old, std::vector<std::string> of_new) {
  model::Facts facts;
  facts.pythons = {python("3.13"), python("3.14")};
  facts.source_views = {{{"3.13"}, with_variables(std::move(of_old), MultipleInterpreters::per_interpreter_gil)},
                        {{"3.14"}, with_variables(std::move(of_new), MultipleInterpreters::per_interpreter_gil)}};
  for (const model::Interpreter& python : facts.pythons) {
    model::BinaryFacts file = binary(model::Init::multi_phase, MultipleInterpreters::per_interpreter_gil);
    file.path = "pkg/demo." + python.id + ".so";
    file.importable_by = {python.id};
    file.entry_points[0].versions = {python.version};
    model::RunFacts run = clean_run();
    run.path = file.path;
    run.python = python.id;
    facts.binaries.push_back(file);
    facts.runs.push_back(run);
  }
  return facts;
}

std::string verdicts(const model::Report& report) {
  std::string text;
  for (const model::ModuleReport& module : report.modules) {
    for (const model::Verdict& verdict : module.verdicts) {
      text += verdict.python + ": " + to_string(verdict.kind) + "\n";
    }
  }
  return text;
}

TEST(SourceViews, AVerdictRestsOnWhatItsOwnPythonSees) {
  EXPECT_EQ(verdicts(judge(with_runs({"cache"}, {}), {})), "3.13: suspect\n3.14: isolated\n");
  EXPECT_EQ(verdicts(judge(with_runs({}, {"cache"}), {})), "3.13: isolated\n3.14: suspect\n");
  EXPECT_EQ(verdicts(judge(with_runs({"cache"}, {"cache"}), {})), "3.13: suspect\n3.14: suspect\n");
}

/// The code of both files stores to a variable that the source shows to one Python only.
TEST(SourceViews, AFileIsJudgedUnderThePythonsThatImportIt) {
  model::Facts facts = with_runs({"cache"}, {});
  for (model::BinaryFacts& file : facts.binaries) {
    file.code.writes = {code_write("cache", "lookup", "PyDict_New")};
  }
  const model::Report report = judge(facts, {});
  std::vector<std::string> found;
  for (const model::Finding& finding : report.findings) {
    if (finding.subject.name != "cache") continue;
    std::string text = finding.where.file;
    for (const std::string& python : finding.pythons) text += " " + python;
    found.push_back(text);
  }
  EXPECT_THAT(found, ElementsAre("demo.c 3.13", "pkg/demo.3.14.so 3.14"));
}

TEST(SourceViews, WhatARunSawIsConfirmedForItsPython) {
  model::Facts facts = with_runs({"cache"}, {"cache"});
  at(facts.runs[1], model::Level::sequential).changed = {overwritten_word("cache")};
  const model::Report report = judge(facts, {});
  EXPECT_EQ(verdicts(report), "3.13: suspect\n3.14: unsafe\n");
  const model::Finding& finding = about(report, "cache");
  EXPECT_EQ(finding.status, model::Status::confirmed);
  EXPECT_THAT(finding.pythons, IsEmpty());
}

}  // namespace
}  // namespace isoaudit::rules
