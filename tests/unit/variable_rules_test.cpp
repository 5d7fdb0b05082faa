// The rules on variables judged by hand-made facts: what is reported, how severe, and what stays silent.
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
using model::RunsWhen;
using model::StoredValue;
using model::Variable;
using model::WriteKind;

Variable with(Variable v, void (*change)(Variable&)) {
  change(v);
  return v;
}

TEST(VariableRules, Table) {
  const auto object = PythonType::object_pointer;
  const auto exec = write_from("exec", StoredValue::call, "PyDict_New");
  const auto member = [](const char* part, const char* stored) {
    model::Write write = write_from("exec", StoredValue::static_address, "", WriteKind::member);
    write.part = part;
    write.stored = stored;
    return write;
  };
  const std::vector<VariableRow> rows = {
      {"a dict made in exec", variable("cache", "PyObject *", object, {exec}), {"global-pyobject-cache hazard"}},
      {"never written", variable("cache", "PyObject *", object), {}},
      {"None for ever", variable("cache", "PyObject *", object, {write_from("exec", StoredValue::immortal)}), {}},
      {"an exception by what is stored",
       variable("oops", "PyObject *", object, {write_from("exec", StoredValue::call, "PyErr_NewExceptionWithDoc")}),
       {"global-exception hazard"}},
      {"an exception by its name",
       variable("DemoError", "PyObject *", object, {write_from("exec")}),
       {"global-exception hazard"}},
      {"a heap type by what is stored",
       variable("demo", "PyObject *", object, {write_from("exec", StoredValue::call, "PyType_FromModuleAndSpec")}),
       {"global-heap-type-pointer hazard"}},
      {"a heap type by its type",
       variable("DemoType", "PyTypeObject *", PythonType::type_pointer, {write_from("exec")}),
       {"global-heap-type-pointer hazard"}},
      {"a static type needs no write",
       variable("DemoType", "PyTypeObject", PythonType::static_type),
       {"static-type-object hazard"}},
      {"a const static type",
       with(variable("DemoType", "const PyTypeObject", PythonType::static_type),
            [](Variable& v) { v.is_const = true; }),
       {}},
      {"a lazy local",
       with(variable("cached", "PyObject *", object, {exec}),
            [](Variable& v) {
              v.storage = model::Storage::function_local;
              v.where.function = "lookup";
            }),
       {"function-local-static-object hazard"}},
      {"a thread-local object",
       with(variable("cached", "PyObject *", object, {exec}), [](Variable& v) { v.is_thread_local = true; }),
       {"thread-local-pyobject hazard"}},
      {"a stored thread state",
       variable("saved", "PyThreadState *", PythonType::state_pointer, {write_from("call")}),
       {"stored-thread-or-interpreter-state hazard"}},
      {"a static instance", variable("unit", "DemoObject", PythonType::static_object), {"static-instance hazard"}},
      {"a counter",
       variable("counter", "int", PythonType::none,
                {write_from("call", StoredValue::unknown, "", WriteKind::compound)}),
       {"non-object-mutable-static hazard"}},
      {"a counter under a lock",
       with(variable("counter", "int", PythonType::none,
                     {write_from("call", StoredValue::unknown, "", WriteKind::compound)}),
            [](Variable& v) { v.writes[0].guard = "PyMutex_Lock"; }),
       {"non-object-mutable-static advice"}},
      {"one of two writes under a lock",
       with(variable("counter", "int", PythonType::none, {write_from("call"), write_from("reset")}),
            [](Variable& v) { v.writes[0].guard = "PyMutex_Lock"; }),
       {"non-object-mutable-static hazard"}},
      {"a flag that only becomes 1",
       variable("ready", "int", PythonType::none, {write_from("exec", StoredValue::constant)}),
       {"non-object-mutable-static advice"}},
      {"a flag that goes both ways",
       with(variable("busy", "int", PythonType::none,
                     {write_from("enter", StoredValue::constant), write_from("leave", StoredValue::constant)}),
            [](Variable& v) { v.writes[1].stored = "0"; }),
       {"non-object-mutable-static hazard"}},
      {"what a pointer to one variable points to",
       with(variable("fixed", "char *", PythonType::none,
                     {write_from("f", StoredValue::constant, "", WriteKind::pointee)}),
            [](Variable& v) { v.points_to = "storage"; }),
       {}},
      {"memory behind a pointer",
       variable("scratch", "char *", PythonType::none,
                {write_from("f", StoredValue::constant, "", WriteKind::pointee)}),
       {"non-object-mutable-static hazard"}},
      {"memory behind a pointer that changes",
       with(variable("cursor", "char *", PythonType::none,
                     {write_from("f", StoredValue::constant, "", WriteKind::pointee), write_from("g")}),
            [](Variable& v) { v.points_to = "storage"; }),
       {"non-object-mutable-static hazard"}},
      {"two places that set the same flag",
       variable("ready", "int", PythonType::none,
                {write_from("exec", StoredValue::constant), write_from("call", StoredValue::constant)}),
       {"non-object-mutable-static advice"}},
      {"one of several constants",
       with(variable("mode", "int", PythonType::none, {write_from("call", StoredValue::constant)}),
            [](Variable& v) { v.writes[0].stored.clear(); }),
       {"non-object-mutable-static hazard"}},
      {"written where nothing leads to",
       with(variable("cache", "PyObject *", object, {exec}),
            [](Variable& v) { v.writes[0].reached = {{RunsWhen::never, ""}}; }),
       {"global-pyobject-cache advice"}},
      {"an object that is made when the library is loaded",
       with(variable("cache", "PyObject *", object, {exec}),
            [](Variable& v) { v.writes[0].reached = {{RunsWhen::static_initialiser, ""}}; }),
       {"global-pyobject-cache hazard"}},
      {"a buffer that is filled when the library is loaded",
       with(variable("table", "int[256]", PythonType::none, {write_from("fill")}),
            [](Variable& v) { v.writes[0].reached = {{RunsWhen::static_initialiser, ""}}; }),
       {"non-object-mutable-static advice"}},
      {"a buffer that calls fill as well",
       with(variable("table", "int[256]", PythonType::none, {write_from("fill")}),
            [](Variable& v) {
              v.writes[0].reached = {{RunsWhen::static_initialiser, ""}, {RunsWhen::call, "method `f` → fill()"}};
            }),
       {"non-object-mutable-static hazard"}},
      {"a table each member of which gets one value",
       variable("table", "struct ops", PythonType::none, {member(".open", "first"), member(".close", "second")}),
       {"non-object-mutable-static advice"}},
      {"a member that gets two values",
       variable("table", "struct ops", PythonType::none,
                {member(".open", "first"), member(".close", "second"), member(".open", "third")}),
       {"non-object-mutable-static hazard"}},
      {"a member that holds another",
       variable("table", "struct ops", PythonType::none,
                {member(".open", "first"), member(".open.next", "second"), member(".openly", "third")}),
       {"non-object-mutable-static hazard"}},
      {"an element that is not known",
       variable("table", "struct ops", PythonType::none, {member(".open", "first"), member("", "second")}),
       {"non-object-mutable-static hazard"}},
      {"a writer of which nothing is known",
       with(variable("table", "int[256]", PythonType::none, {write_from("fill"), write_from("load")}),
            [](Variable& v) { v.writes[1].reached = {{RunsWhen::never, ""}}; }),
       {"non-object-mutable-static hazard"}},
      {"a callee of the program that writes",
       variable("buffer", "char[64]", PythonType::none,
                {write_from("call", StoredValue::unknown, "fill", WriteKind::by_callee)}),
       {"non-object-mutable-static hazard"}},
      {"a global pointer to a static object of the project",
       with(variable("Base", "PyObject *", object),
            [](Variable& v) {
              v.holds_static = "_Base";
              v.linkage = model::Linkage::external;
            }),
       {"global-pyobject-cache hazard"}},
      {"a list of the project's own types that stays here",
       with(variable("types", "PyTypeObject *[3]", PythonType::type_pointer),
            [](Variable& v) { v.holds_static = "Demo_Type"; }),
       {}},
      {"a filled table whose address is kept",
       with(variable("table", "struct ops", PythonType::none),
            [](Variable& v) { v.address_taken = v.has_initialiser = true; }),
       {"non-object-mutable-static advice"}},
      {"an empty buffer whose address is kept",
       with(variable("buffer", "char[64]", PythonType::none), [](Variable& v) { v.address_taken = true; }),
       {"non-object-mutable-static hazard"}},
      {"thread-local plain data",
       with(variable("depth", "int", PythonType::none, {write_from("call")}),
            [](Variable& v) { v.is_thread_local = true; }),
       {}},
      {"an atomic",
       with(variable("count", "_Atomic(int)", PythonType::none, {write_from("call")}),
            [](Variable& v) { v.is_atomic = true; }),
       {}},
      {"a mutex", variable("lock", "PyMutex", PythonType::none, {write_from("call")}), {}},
      {"pybind11's slots",
       with(variable("mod_def_slots", "std::array<PyModuleDef_Slot, 5>", PythonType::none),
            [](Variable& v) { v.address_taken = v.has_initialiser = true; }),
       {}},
      {"a method table", variable("methods", "PyMethodDef[3]", PythonType::none), {}},
      {"a method table that is edited",
       variable("methods", "PyMethodDef[3]", PythonType::none,
                {write_from("exec", StoredValue::unknown, "", WriteKind::member)}),
       {"mutable-method-or-getset-table hazard"}},
      {"a pointer to const characters is a variable",
       variable("name", "const char *", PythonType::none, {write_from("call")}),
       {"non-object-mutable-static hazard"}},
      {"a keyword list", variable("kwlist", "char *[3]", PythonType::none), {}},
      {"an API table pointer of a header",
       variable("PyDateTimeAPI", "PyDateTime_CAPI *", PythonType::none, {write_from("exec")}),
       {}},
  };
  expect_judged(rows);
}

TEST(VariableRules, OwnGilRaisesHazardsAndReportsThePromise) {
  const auto facts = source_of({variable("cache", "PyObject *", PythonType::object_pointer,
                                         {write_from("exec", StoredValue::call, "PyDict_New")})},
                               MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(judged(facts),
            (std::vector<std::string>{"global-pyobject-cache blocker", "slot-per-interpreter-gil-with-state blocker"}));
}

TEST(VariableRules, OwnGilWithExplainedWritesKeepsItsPromise) {
  auto counter = variable("counter", "int", PythonType::none, {write_from("call")});
  counter.writes[0].guard = "std::lock_guard";
  EXPECT_EQ(judged(source_of({counter}, MultipleInterpreters::per_interpreter_gil)),
            (std::vector<std::string>{"non-object-mutable-static advice"}));
}

TEST(VariableRules, WhatAMacroMakesInManyFunctionsIsOneFinding) {
  std::vector<Variable> variables;
  for (const char* function : {"first", "second", "third"}) {
    Variable local = variable("__cache", "struct cache", PythonType::none,
                              {write_from(function, StoredValue::unknown, "", WriteKind::member)});
    local.storage = model::Storage::function_local;
    local.macro = "PARSE_ARGUMENTS";
    local.where.function = function;
    local.where.line = static_cast<unsigned>(5 + variables.size());
    variables.push_back(local);
  }
  variables.push_back(variables.back());
  variables.back().where.function = "by_hand";
  variables.back().macro.clear();
  const auto report = judge(source_of(variables), {.select = {"non-object-mutable-static"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 2U);
  const model::Finding& of_macro = report.findings[0];
  EXPECT_TRUE(of_macro.message.starts_with(
      "`__cache` (struct cache), a static local that the macro PARSE_ARGUMENTS makes in 3 functions, is mutable"))
      << of_macro.message;
  EXPECT_TRUE(of_macro.fix.starts_with("in PARSE_ARGUMENTS: make `__cache` atomic")) << of_macro.fix;
  EXPECT_EQ(of_macro.where.line, 5U);
  ASSERT_EQ(of_macro.because.size(), 3U);
  EXPECT_EQ(of_macro.because[2].text, "defined as `struct cache __cache` in third()");
  EXPECT_EQ(report.findings[1].where.function, "by_hand");
}

/// Nobody was seen to write it.
/// No importer comes last where all store the same.
TEST(VariableRules, AGlobalThatOnlyEverPointsToOneStaticTypeHandsThatOut) {
  auto type =
      variable("p_Type", "PyTypeObject *", PythonType::type_pointer, {write_from("exec", StoredValue::static_address)});
  type.writes[0].stored = "Demo_Type";
  auto two = type;
  two.name = "p_Other";
  two.writes.push_back(two.writes[0]);
  two.writes[1].stored = "Other_Type";
  const auto findings = judge(source_of({type, two}), {.select = {"global-heap-type-pointer"}, .ignore = {}}).findings;
  ASSERT_EQ(findings.size(), 2U);
  for (const auto& finding : findings) {
    const bool hands_out = finding.message.find("hands the static object `Demo_Type` to all") != std::string::npos;
    EXPECT_EQ(hands_out, finding.subject.name == "p_Type") << finding.message;
    EXPECT_EQ(finding.severity, model::Severity::hazard);
    EXPECT_EQ(finding.because[1].text, "exec() stores the address of `Demo_Type`");
  }
}

TEST(VariableRules, AnAddressThatIsPassedOnIsNoWriteInItsWords) {
  auto write = write_from("add_functions", StoredValue::unknown, "", WriteKind::address_passed);
  const auto report = judge(source_of({variable("table", "Function[3]", PythonType::none, {write})}),
                            {.select = {"non-object-mutable-static"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].status, model::Status::possible);
  EXPECT_TRUE(report.findings[0].message.ends_with(", its address is passed on by add_functions()"))
      << report.findings[0].message;
  EXPECT_EQ(report.findings[0].because[1].text, "add_functions() calls a pointer with its address");
  // What CPython does with a type that it gets ready is no secret.
  auto ready = write_from("exec", StoredValue::unknown, "PyType_Ready", WriteKind::address_passed);
  const auto types = judge(source_of({variable("T", "PyTypeObject", PythonType::static_type, {ready})}),
                           {.select = {"static-type-object"}, .ignore = {}});
  ASSERT_EQ(types.findings.size(), 1U);
  EXPECT_TRUE(types.findings[0].message.ends_with(", written by exec()")) << types.findings[0].message;
}

}  // namespace
}  // namespace isoaudit::rules
