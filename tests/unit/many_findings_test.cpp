// What becomes one finding of many.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/code_facts.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::CodeWrite;
using model::Finding;
using model::MultipleInterpreters;
using model::StoredValue;

std::vector<CodeWrite> many(int count, const std::string& prefix) {
  std::vector<CodeWrite> writes;
  for (int i = 0; i < count; ++i) {
    writes.push_back(code_write(prefix + std::to_string(i), "exec", "PyDict_New"));
    writes.back().offset = static_cast<std::uint64_t>(i) * 8;
  }
  return writes;
}

TEST(ManyFindings, ModulesThatDeclareNothingAreToldInFewFindings) {
  EXPECT_EQ(code_findings_of(module_that(many(200, "cache"))).size(), 200U);
  EXPECT_EQ(code_findings_of(module_that(many(5, "cache"), MultipleInterpreters::absent)).size(), 5U);
  const auto findings = code_findings_of(module_that(many(200, "cache"), MultipleInterpreters::absent));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].message.find("200 variables"), std::string::npos) << findings[0].message;
}

TEST(ManyFindings, AGeneratorsStaticsAreOneFindingAndItsUsersAreNot) {
  for (const auto declared : {MultipleInterpreters::per_interpreter_gil, MultipleInterpreters::absent}) {
    auto writes = many(20, "__pyx_n_s_");
    auto mine = code_write("__pyx_v_4demo_mine", "exec", "PyDict_New");
    mine.offset = 400;
    writes.push_back(mine);
    auto facts = module_that(writes, declared);
    facts.binaries[0].framework = model::Framework::cython;
    const auto findings = code_findings_of(facts);
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(std::ranges::count(findings, "cython", &Finding::generator), 1);
    // In a stripped file nobody can tell them apart: most are the generator's.
    for (CodeWrite& write : facts.binaries[0].code.writes) write.symbol = write.name = "";
    const auto stripped = code_findings_of(facts);
    ASSERT_EQ(stripped.size(), 1U);
    EXPECT_EQ(stripped[0].generator, "cython");
  }
}

/// What a run saw of a generator's statics is one finding with what the code tells of them, while nothing is declared;
/// what it saw of the user's stays by itself.
TEST(ManyFindings, WhatARunSawOfAGeneratorsStaticsIsOneFinding) {
  auto facts = module_that(many(3, "__pyx_n_s_"), MultipleInterpreters::absent);
  facts.binaries[0].framework = model::Framework::cython;
  model::RunFacts run = clean_run();
  run.phases = {phase(model::Level::isolated, model::Outcome::refused)};
  for (const char* name : {"__pyx_n_s_0", "__pyx_m", "__pyx_v_4demo_mine"}) {
    model::SharedObject object;
    object.symbol = object.linkage_name = name;
    object.section = ".bss";
    object.offset = name == std::string_view("__pyx_n_s_0") ? 0 : 400 + at(run, model::Level::forced).shared.size() * 8;
    object.type_name = "dict";
    object.owners = {1};
    at(run, model::Level::forced).shared.push_back(object);
  }
  facts.runs = {run};
  std::vector<Finding> findings = judge(facts, {}).findings;
  std::erase_if(findings, [](const Finding& finding) { return finding.rule != "global-pyobject-cache"; });
  ASSERT_EQ(findings.size(), 2U);
  const Finding& generated = findings[findings[0].generator.empty() ? 1 : 0];
  EXPECT_EQ(generated.generator, "cython");
  EXPECT_EQ(generated.message.substr(0, 42), "4 of the statics that cython generates (`_");
  EXPECT_EQ(generated.status, model::Status::confirmed);
  EXPECT_EQ(std::ranges::count(generated.because, model::EvidenceKind::runtime, &model::Because::kind), 2);
  EXPECT_NE(generated.fix.find("subinterpreters_compatible"), std::string::npos);
}

// Its users write Python: the file with the classes' tables, free lists and `parser` has no static of theirs.
TEST(ManyFindings, AllStaticsOfMypycAreOneFindingOfIt) {
  std::vector<CodeWrite> writes;
  for (const char* name : {"CPyStatics", "nodes___Import_vtable", "run_env_free_instance", "module"}) {
    writes.push_back(code_write(name, "fill"));
    writes.back().offset = 8 * writes.size();
    writes.back().size = 8;
  }
  auto facts = module_that(writes, MultipleInterpreters::absent);
  facts.binaries[0].framework = model::Framework::mypyc;
  const auto findings = code_findings_of(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].generator, "mypyc");
  EXPECT_EQ(findings[0].message.find("4 of the statics that mypyc generates"), 0U) << findings[0].message;
}

// What is told of the first of many is told of each.
TEST(ManyFindings, WhatIsGuardedIsNotToldWithWhatIsNot) {
  std::vector<CodeWrite> writes;
  for (int i = 0; i < 12; ++i) {
    writes.push_back(stores(StoredValue::unknown));
    writes.back().symbol = writes.back().name = "thing" + std::to_string(i);
    writes.back().offset = static_cast<std::uint64_t>(i) * 8;
    if (i % 2 == 0) writes.back().guard = "PyMutex_Lock";
  }
  const auto findings = code_findings_of(module_that(writes, MultipleInterpreters::absent));
  ASSERT_EQ(findings.size(), 2U);
  for (const Finding& finding : findings) {
    const bool guarded = finding.message.find("is guarded at every store") != std::string::npos;
    EXPECT_TRUE(finding.message.starts_with("6 variables")) << finding.message;
    for (const model::Because& because : finding.because) {
      EXPECT_EQ(because.text.ends_with(", under PyMutex_Lock"), guarded) << because.text;
    }
  }
}

// `static std::string v = …;` under the compiler's guard, and its address to a function that may write it without one.
TEST(ManyFindings, TheStoreWithoutALockStandsForAVariable) {
  CodeWrite guarded = stores(StoredValue::unknown);
  guarded.guard = "__cxa_guard_acquire";
  CodeWrite passed = stores(StoredValue::unknown);
  passed.function = "change";
  passed.passed_to = "mend";
  const auto findings = code_findings_of(module_that({guarded, passed}));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].because.at(0).text.find("`change` passes the address"), 0U) << findings[0].because.at(0).text;
}

}  // namespace
}  // namespace isoaudit::rules
