// What judge() adds to the findings of all rules: order, choice, fingerprints.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"
#include "tests/unit/judged.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::MultipleInterpreters;
using model::PythonType;

TEST(Judge, CallsOfTheSourceAndImportsOfTheFile) {
  model::Facts facts;
  facts.source.units = {{"demo.c", {}, {}}};
  facts.source.api_uses = {{"PyGILState_Ensure", {"demo.c", 7, 3, "callback"}, "demo.c"},
                           {"PyGILState_Release", {"demo.c", 9, 3, "callback"}, "demo.c"},
                           {"PyState_FindModule", {"demo.c", 12, 3, "get"}, "demo.c"}};
  EXPECT_EQ(judged(facts), (std::vector<std::string>{"pygilstate hazard", "pystate-find-module blocker"}));

  model::Facts compiled;
  compiled.binaries = {binary(model::Init::multi_phase, MultipleInterpreters::absent)};
  compiled.binaries[0].api_imports = {"PyGILState_Ensure", "PyList_New"};
  EXPECT_EQ(judged(compiled), (std::vector<std::string>{"pygilstate hazard"}));
}

/// The definition first, then the writes as they stand, then how they are reached.
TEST(Judge, ReasonsStandInTheOrderOfTheSource) {
  auto late = write_from("a");
  late.where.line = 100;
  auto early = write_from("b");
  early.where.line = 9;
  early.reached = {{model::RunsWhen::exec, "Py_mod_exec → b()"}};
  auto elsewhere = write_from("c");
  elsewhere.where.file = "a_first.c";
  const auto report = judge(source_of({variable("n", "int", PythonType::none, {late, early, elsewhere})}),
                            {.select = {"non-object-mutable-static"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  std::vector<std::string> texts;
  for (const model::Because& because : report.findings[0].because) texts.push_back(because.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"defined as `int n`", "b() writes it", "a() writes it", "c() writes it",
                                             "written at every import: Py_mod_exec → b()"}));
}

TEST(Judge, SelectAndIgnore) {
  const auto facts = source_of({variable("cache", "PyObject *", PythonType::object_pointer, {write_from("exec")}),
                                variable("counter", "int", PythonType::none, {write_from("call")})});
  EXPECT_EQ(judge(facts, {.select = {"global-pyobject-cache"}, .ignore = {}}).findings.size(), 1U);
  EXPECT_EQ(judge(facts, {.select = {}, .ignore = {"global-pyobject-cache"}}).findings.size(), 2U);
}

TEST(Judge, FingerprintsOutliveMovedLinesAndTellTwinsApart) {
  auto a = variable("cache", "PyObject *", PythonType::object_pointer, {write_from("exec")});
  auto moved = a;
  moved.where.line += 100;
  auto local = a;
  local.storage = model::Storage::function_local;
  local.where.function = "other";
  const auto first = judge(source_of({a}), {}).findings;
  const auto second = judge(source_of({moved}), {}).findings;
  const auto twins = judge(source_of({a, local}), {}).findings;
  const auto fingerprint = [](const std::vector<model::Finding>& findings, std::string_view rule) {
    return std::ranges::find(findings, rule, &model::Finding::rule)->fingerprint;
  };
  EXPECT_EQ(fingerprint(first, "global-pyobject-cache"), fingerprint(second, "global-pyobject-cache"));
  EXPECT_NE(fingerprint(twins, "global-pyobject-cache"), fingerprint(twins, "function-local-static-object"));
}

}  // namespace
}  // namespace isoaudit::rules
