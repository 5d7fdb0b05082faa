// Each rule judged by hand-made facts: what is reported, how severe, and what stays silent.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/generated.h"
#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::MultipleInterpreters;
using model::PythonType;
using model::RunsWhen;
using model::Severity;
using model::StoredValue;
using model::Variable;
using model::WriteKind;

/// "rule severity" of every finding but those on the hook, sorted.
std::vector<std::string> judged(const model::Facts& facts) {
  std::vector<std::string> lines;
  for (const model::Finding& finding : judge(facts, {}).findings) {
    if (finding.rule == "no-multiple-interpreters-slot") continue;
    lines.push_back(finding.rule + " " + to_string(finding.severity));
  }
  std::ranges::sort(lines);
  return lines;
}

struct Row {
  const char* what;
  Variable variable;
  std::vector<std::string> expected;
};

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
  const std::vector<Row> rows = {
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
  for (const Row& row : rows) EXPECT_EQ(judged(source_of({row.variable})), row.expected) << row.what;
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

TEST(VariableRules, AGeneratorsStaticsAreOneFinding) {
  std::vector<Variable> variables;
  for (const char* name : {"__pyx_n_s_a", "__pyx_n_s_b", "__pyx_n_s_c", "__pyx_v_4demo_mine"}) {
    variables.push_back(variable(name, "PyObject *", PythonType::object_pointer, {write_from("exec")}));
    variables.back().generator = "cython";
  }
  // The user's own `cdef object mine` stays a finding of its own.
  EXPECT_EQ(judged(source_of(variables)),
            (std::vector<std::string>{"global-pyobject-cache hazard", "global-pyobject-cache hazard"}));
}

TEST(VariableRules, AHarmlessStaticOfAGeneratorDoesNotSpeakForTheOthers) {
  auto harmless = variable("__pyx_filename", "int", PythonType::none, {write_from("exec")});
  harmless.writes[0].guard = "PyMutex_Lock";
  auto other = variable("__pyx_other", "int", PythonType::none, {write_from("call")});
  for (Variable* own : {&harmless, &other}) own->generator = "cython";
  EXPECT_EQ(judged(source_of({harmless, other})),
            (std::vector<std::string>{"non-object-mutable-static advice", "non-object-mutable-static hazard"}));
}

/// What no user can see stands where it is defined, whichever of the user's lines writes it.
TEST(VariableRules, WhatAGeneratorKeepsForItselfIsNoneOfTheUsers) {
  auto write = write_from("__pyx_pymod_exec_mod");
  write.where = {"pkg/mod.pyx", 12, 0, "__pyx_pymod_exec_mod"};
  auto module = variable("__pyx_m", "PyObject *", PythonType::object_pointer, {write});
  auto local = variable("main_interpreter_id", "int64_t", PythonType::none, {write_from("__Pyx_check")});
  local.storage = model::Storage::function_local;
  local.where.function = "__Pyx_check";
  auto type = variable("PublicType", "PyTypeObject", PythonType::static_type);
  type.linkage = model::Linkage::external;
  auto utility = variable("strided", "PyObject *", PythonType::object_pointer, {write});
  utility.writes[0].where.file = "View.MemoryView";
  for (Variable own : {module, local, type, utility}) {
    own.generator = "cython";
    const auto report = judge(source_of({own}), {});
    std::vector<const model::Finding*> found;
    for (const model::Finding& finding : report.findings) {
      if (finding.generator == "cython") found.push_back(&finding);
    }
    ASSERT_EQ(found.size(), 1U) << own.name;
    EXPECT_TRUE(found[0]->message.starts_with("`" + own.name + "`, which cython generates, ")) << found[0]->message;
    EXPECT_EQ(found[0]->where.file, "demo.c");
    EXPECT_EQ(found[0]->where.line, 5U);
  }
}

TEST(VariableRules, WhatCythonMadeOfTheUsersIsCalledAndPlacedAsTheUserDid) {
  auto write = write_from("__pyx_f_3pkg_3mod_f");
  write.where = {"pkg/mod.pyx", 12, 0, "__pyx_f_3pkg_3mod_f"};
  auto mine = variable("__pyx_v_3pkg_3mod_cache", "PyObject *", PythonType::object_pointer, {write});
  mine.generator = "cython";
  const auto report = judge(source_of({mine}), {.select = {"global-pyobject-cache"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(report.findings[0].message.starts_with("`cache` ("));
  EXPECT_EQ(report.findings[0].where.file, "pkg/mod.pyx");
  EXPECT_EQ(report.findings[0].where.line, 12U);
  EXPECT_EQ(report.findings[0].subject.name, "__pyx_v_3pkg_3mod_cache");
  EXPECT_NE(report.findings[0].message.find("written by f()"), std::string::npos) << report.findings[0].message;
  // There is no m_size for a user of Cython to set.
  EXPECT_TRUE(report.findings[0].fix.starts_with("drop `cdef`: as a Python global `cache` ")) << report.findings[0].fix;
}

TEST(Generated, CythonsFunctionsAreNamedAsTheUserDid) {
  const std::pair<const char*, const char*> cases[] = {
      {"__pyx_f_3pkg_3mod_f() writes it", "f() writes it"},
      {"__pyx_f_3pkg_3mod_6Packer_pack()", "pack()"},
      {"__pyx_pw_7msgpack_9_cmsgpack_6Packer_3pack()", "pack()"},
      {"__pyx_pf_3pkg_3mod_12get_data_1()", "get_data_1()"},
      {"__pyx_pw_3pkg_3mod_5do_it_now()", "do_it_now()"},
      {"__pyx_pw_3pkg_3mod_4_NaT_4asm8_1__get__()", "asm8()"},
      {"__pyx_pf_3pkg_3mod_4asm8___get__()", "asm8()"},
      {"__pyx_pymod_exec_mod() stores", "the module's body stores"},
      {"Py_mod_exec → __pyx_pymod_exec_mod() → __Pyx_modinit_Global_init_code()", "Py_mod_exec → the module's body"},
      {"stores the result of __Pyx_Import()", "stores the result of __Pyx_Import()"},
      {"defined as `int __pyx_v_3mod_calls`", "defined as `int __pyx_v_3mod_calls`"},
      {"my__pyx_f_3mod_f()", "my__pyx_f_3mod_f()"},
      {"__pyx_f_99999999999999999999999_f()", "99999999999999999999999_f()"},
      {"__pyx_pw_()", "__pyx_pw_()"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(in_users_words("cython", text), expected);
  EXPECT_EQ(in_users_words("swig", "__pyx_f_3mod_f()"), "__pyx_f_3mod_f()");
}

/// Who cannot write slots gets told what the generator offers.
TEST(DeclarationRules, AGeneratedHookIsMendedWithTheGeneratorsMeans) {
  for (const char* generator : {"cython", "pybind11", ""}) {
    auto facts = source_of({});
    facts.source.entry_points[0].generator = generator;
    const auto report = judge(facts, {});
    ASSERT_EQ(report.findings.size(), 1U);
    const bool by_hand = report.findings[0].fix.find("add {Py_mod_multiple_interpreters") != std::string::npos;
    EXPECT_EQ(by_hand, *generator == 0) << report.findings[0].fix;
  }
}

/// Nobody was seen to write it.
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

TEST(DeclarationRules, Table) {
  struct Case {
    model::Init init;
    MultipleInterpreters declared;
    std::vector<std::string> expected;
  };
  using enum model::MultipleInterpreters;
  const Case cases[] = {
      {model::Init::single_phase, absent, {"single-phase-init"}},
      {model::Init::multi_phase, absent, {"no-multiple-interpreters-slot"}},
      {model::Init::export_slots, absent, {"no-multiple-interpreters-slot"}},
      {model::Init::multi_phase, not_supported, {"slot-not-supported"}},
      {model::Init::multi_phase, supported, {"slot-shared-gil-only"}},
      {model::Init::multi_phase, per_interpreter_gil, {}},
      {model::Init::undetermined, undetermined, {}},
  };
  for (const Case& c : cases) {
    for (const bool compiled : {false, true}) {
      model::Facts facts;
      if (compiled) {
        facts.binaries = {binary(c.init, c.declared)};
      } else {
        facts.source.entry_points = {{entry(c.init, c.declared), {"demo.c", 9, 1, ""}, {}, "demo.c"}};
      }
      std::vector<std::string> slugs;
      for (const model::Finding& finding : judge(facts, {}).findings) slugs.push_back(finding.rule);
      EXPECT_EQ(slugs, c.expected) << to_string(c.init) << " " << to_string(c.declared) << " compiled " << compiled;
    }
  }
}

TEST(DeclarationRules, OnlyTheHookThatImportUsesCounts) {
  auto file = binary(model::Init::multi_phase, MultipleInterpreters::per_interpreter_gil);
  auto other = file.entry_points[0];
  other.entry.symbol = "PyInit_decoy";
  other.entry.module = "decoy";
  other.entry.declares.multiple_interpreters = MultipleInterpreters::not_supported;
  file.entry_points.push_back(other);
  model::Facts facts;
  facts.binaries = {file};
  EXPECT_TRUE(judge(facts, {}).findings.empty());
}

TEST(CallRules, SourceAndImports) {
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
  const Case cases[] = {{object(Kind::holds, false, false), "global-pyobject-cache"},
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
