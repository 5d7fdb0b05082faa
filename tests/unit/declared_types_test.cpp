// Debug information says what a variable is for where its machine code does not.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;

TEST(DeclaredTypes, NameTheRuleAndTheLine) {
  const std::pair<const char*, const char*> rows[] = {{"PyObject *", "global-pyobject-cache"},
                                                      {"PyObject *[4]", "global-pyobject-cache"},
                                                      {"PyTypeObject *", "global-heap-type-pointer"},
                                                      {"PyThreadState *", "stored-thread-or-interpreter-state"},
                                                      {"int", "non-object-mutable-static"}};
  for (const auto& [type, rule] : rows) {
    model::Facts facts;
    facts.binaries = {binary(model::Init::multi_phase, model::MultipleInterpreters::per_interpreter_gil)};
    facts.binaries[0].code.writes = {code_write("thing", "call")};
    model::StaticObject object;
    object.section = ".bss";
    object.declared_type = type;
    object.declared_file = "/build/demo.c";
    object.declared_line = 12;
    facts.binaries[0].static_objects = {object};
    const auto findings = judge(facts, {}).findings;
    ASSERT_EQ(findings.size(), 1U) << type;
    EXPECT_EQ(findings[0].rule, rule) << type;
    // What is stored may still be harmless.
    EXPECT_EQ(findings[0].status, model::Status::possible) << type;
    EXPECT_TRUE(std::ranges::any_of(findings[0].because, [&](const auto& because) {
      return because.text == "declared as `" + std::string(type) + "` in demo.c:12";
    })) << type;
  }
}

}  // namespace
}  // namespace isoaudit::rules
