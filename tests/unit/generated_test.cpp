// What generators and frameworks write is told as theirs, and in their user's words.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/generated.h"
#include "rules/judge.h"
#include "rules/one_for_each_generator.h"
#include "tests/unit/hand_made.h"
#include "tests/unit/judged.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::PythonType;
using model::Variable;

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
  const auto findings =
      judge(source_of({harmless, other}), {.select = {"non-object-mutable-static"}, .ignore = {}}).findings;
  ASSERT_EQ(findings.size(), 1U);
  ASSERT_EQ(findings[0].parts.size(), 2U);
  EXPECT_EQ(findings[0].parts[0].severity, model::Severity::hazard);
  EXPECT_EQ(findings[0].parts[1].severity, model::Severity::advice);
}

model::Finding of_cython(std::string rule, model::Severity severity) {
  model::Finding finding;
  finding.rule = std::move(rule);
  finding.severity = severity;
  finding.status = model::Status::likely;
  finding.module = "demo";
  finding.where = {"demo.c", 5, 1, ""};
  finding.generator = "cython";
  finding.message = "2 of the statics: each is shared";
  finding.fix = "a directive";
  finding.because = {{model::EvidenceKind::source, "`__pyx_a`", finding.where}};
  return finding;
}

TEST(OneForEachGenerator, AGuardThatCythonPutIntoAModuleIsCythons) {
  model::Facts facts;
  facts.binaries = {binary(model::Init::multi_phase, model::MultipleInterpreters::absent)};
  facts.binaries[0].framework = model::Framework::cython;
  const auto guards = [&](const char* text) {
    facts.binaries[0].guard_texts = {text};
    return judge(facts, {.select = {"load-once-guard"}, .ignore = {}}).findings;
  };
  const auto cythons =
      guards("Interpreter change detected - this module can only be loaded into one interpreter per process.");
  ASSERT_EQ(cythons.size(), 1U);
  EXPECT_EQ(cythons[0].generator, "cython");
  // What its user wrote into his own C he can remove himself.
  const auto users = guards("cannot load module more than once per process");
  ASSERT_EQ(users.size(), 1U);
  EXPECT_EQ(users[0].generator, "");
  EXPECT_EQ(users[0].fix, "keep the state in the module state (m_size) and remove the guard");
}

TEST(OneForEachGenerator, UnderTheWorstOfItsRules) {
  using enum model::Severity;
  std::vector<model::Finding> findings = {of_cython("non-object-mutable-static", advice),
                                          of_cython("static-type-object", hazard),
                                          of_cython("load-once-guard", blocker)};
  findings.push_back(findings[1]);
  findings.back().generator.clear();  // the user's own
  const auto ones = one_for_each_generator(findings, {});
  ASSERT_EQ(ones.size(), 2U);
  EXPECT_EQ(ones[0].rule, "load-once-guard");
  EXPECT_EQ(ones[0].severity, blocker);
  EXPECT_EQ(ones[0].fix, "a directive");
  EXPECT_EQ(ones[0].message,
            "what cython generates breaks 3 rules: load-once-guard, non-object-mutable-static, static-type-object");
  ASSERT_EQ(ones[0].parts.size(), 3U);
  EXPECT_EQ(ones[0].parts[1].rule, "static-type-object");
  EXPECT_EQ(ones[0].parts[2].message, "2 of the statics: each is shared");
  EXPECT_EQ(ones[0].because.size(), 3U);
  EXPECT_EQ(ones[1], findings[3]);
}

TEST(OneForEachGenerator, WhatDiffersStaysApart) {
  const model::Finding one = of_cython("static-type-object", model::Severity::hazard);
  const auto with = [&](const auto& change) {
    model::Finding other = of_cython("global-string-cache", model::Severity::hazard);
    change(other);
    return one_for_each_generator({one, other}, {"ready"}).size();
  };
  EXPECT_EQ(with([](auto&) {}), 1U);
  EXPECT_EQ(with([](auto& other) { other.fix = "another version"; }), 2U);
  EXPECT_EQ(with([](auto& other) { other.module = "other"; }), 2U);
  EXPECT_EQ(with([](auto& other) { other.where.file = "other.c"; }), 2U);
  EXPECT_EQ(with([](auto& other) { other.pythons = {"3.14"}; }), 2U);
}

/// As a run finds it of the module's file.
model::Finding seen_by_run() {
  model::Finding seen = of_cython("global-pyobject-cache", model::Severity::hazard);
  seen.status = model::Status::confirmed;
  seen.where = {"demo.so", 0, 0, ""};
  seen.pythons = {"3.14"};
  seen.because = {{model::EvidenceKind::runtime, "`__pyx_m` holds a module of interpreter 1", {}}};
  return seen;
}

TEST(OneForEachGenerator, WhatARunConfirmedStandsWithWhatTheSourceSays) {
  const model::Finding source = of_cython("static-type-object", model::Severity::hazard);
  const model::Finding seen = seen_by_run();
  for (const auto& findings : {std::vector{seen, source}, std::vector{source, seen}}) {
    const auto ones = one_for_each_generator(findings, {"other"});
    ASSERT_EQ(ones.size(), 1U);
    EXPECT_EQ(ones[0].where, source.where);
    EXPECT_EQ(ones[0].pythons, source.pythons);
    EXPECT_EQ(ones[0].status, model::Status::confirmed);
    ASSERT_EQ(ones[0].parts.size(), 2U);
    EXPECT_EQ(ones[0].parts[0].because, seen.because);
    EXPECT_EQ(ones[0].parts[0].message, seen.message + " (Python 3.14)");
    EXPECT_EQ(ones[0].parts[1].because, source.because);
    EXPECT_EQ(ones[0].because.size(), 2U);
  }
  // Without a source they have each other.
  const auto ones = one_for_each_generator({seen, seen}, {});
  ASSERT_EQ(ones.size(), 1U);
  EXPECT_EQ(ones[0].where, seen.where);
  EXPECT_EQ(ones[0].parts[0].message, seen.message);
}

/// What breaks a promise is told for each variable.
TEST(OneForEachGenerator, WhatARunConfirmedOfAModuleThatDeclaresSupportStandsAlone) {
  const model::Finding source = of_cython("static-type-object", model::Severity::hazard);
  EXPECT_EQ(one_for_each_generator({source, seen_by_run()}, {"demo"}).size(), 2U);
}

TEST(VariableRules, WhatARunSeesOfAGeneratorsOnlyStaticJoinsWhatTheSourceSays) {
  auto module = variable("__pyx_m", "PyObject *", PythonType::object_pointer, {write_from("exec")});
  module.generator = "cython";
  auto facts = source_of({module});
  facts.binaries = {binary(model::Init::multi_phase, model::MultipleInterpreters::absent)};
  facts.binaries[0].framework = model::Framework::cython;
  facts.runs = {clean_run()};
  at(facts.runs[0], model::Level::forced).changed = {overwritten_word("__pyx_m")};
  const auto report = judge(facts, {.select = {"global-pyobject-cache"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].where.line, 5U);
  EXPECT_EQ(report.findings[0].status, model::Status::confirmed);
  EXPECT_EQ(report.findings[0].because.back().kind, model::EvidenceKind::runtime);
}

/// What no user can see stands where it is defined, whichever of the user's lines writes it.
TEST(Generated, CythonsMemoryViewsKeepTheirLayoutsUnderPlainNames) {
  for (const char* name : {"contiguous", "generic", "indirect", "indirect_contiguous", "strided"}) {
    EXPECT_TRUE(is_generators_own("cython", name)) << name;
  }
  EXPECT_FALSE(is_generators_own("cython", "generic_cache"));
  EXPECT_FALSE(is_generators_own("pybind11", "generic"));
}

/// In the body of a trait's function that PyO3 has itself, or of one that a macro of its makes for its user.
TEST(Generated, PyO3sOwnStatics) {
  for (const char* name :
       {"pyo3::internal::state::POOL", "<pyo3::types::mapping::PyMapping as pyo3::type_object::PyTypeInfo>::TYPE",
        "<demo::Point as pyo3::impl_::pyclass::PyClassImpl>::lazy_type_object::TYPE_OBJECT", "demo::f::INTERNED"}) {
    EXPECT_TRUE(is_generators_own("pyo3", name)) << name;
  }
  EXPECT_FALSE(is_generators_own("pyo3", "<demo::Point as pyo3::type_object::PyTypeInfo>::cache"));
  EXPECT_FALSE(is_generators_own("pyo3", "demo::CACHE"));
}

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

/// The symbols of a module tell whose a static is, where nobody has its sources.
TEST(VariableRules, WhatCythonsUserCanDoIsSaidOfTheCompiledModuleAsWell) {
  model::Facts facts;
  facts.pythons = {python("3.14")};
  facts.binaries = {binary(model::Init::multi_phase, model::MultipleInterpreters::absent)};
  facts.binaries[0].framework = model::Framework::cython;
  facts.binaries[0].code.writes = {code_write("__pyx_v_4demo_cache", "__pyx_pymod_exec_demo", "PyDict_New")};
  const JudgeOptions only{.select = {"global-pyobject-cache"}, .ignore = {}};
  const auto findings = judge(facts, only).findings;
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].fix.starts_with("drop `cdef`: as a Python global `cache` ")) << findings[0].fix;
  facts.binaries[0].framework = model::Framework::none;
  EXPECT_EQ(judge(facts, only).findings[0].fix.find("cdef"), std::string::npos);
}

/// No enum holds a pointer.
TEST(Generated, WhatCythonsUserCanDoHangsOnWhatHisVariableHolds) {
  const std::pair<const char*, const char*> cases[] = {{"int", "make `it` a constant (`cdef enum`)"},
                                                       {"char *", "make `it` a member of a cdef class"},
                                                       {"int[]", "make `it` a member of a cdef class"}};
  for (const auto& [type, expected] : cases) {
    auto mine = variable("__pyx_v_3mod_it", type, PythonType::none, {write_from("__pyx_f_3mod_f")});
    mine.generator = "cython";
    const auto report = judge(source_of({mine}), {.select = {"non-object-mutable-static"}, .ignore = {}});
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_TRUE(report.findings[0].fix.starts_with(expected)) << report.findings[0].fix;
  }
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
      {"written by __pyx_module_cleanup() and", "written by the module's clean-up and"},
      {"Py_mod_exec → __pyx_pymod_exec_mod() → __Pyx_modinit_Global_init_code()", "Py_mod_exec → the module's body"},
      {"stores the result of __Pyx_Import()", "stores the result of __Pyx_Import()"},
      {"defined as `int __pyx_v_3mod_calls`", "defined as `int __pyx_v_3mod_calls`"},
      {"my__pyx_f_3mod_f()", "my__pyx_f_3mod_f()"},
      {"__pyx_f_99999999999999999999999_f()", "99999999999999999999999_f()"},
      {"__pyx_pw_()", "__pyx_pw_()"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(in_users_words("cython", text), expected);
  EXPECT_EQ(in_users_words("swig", "__pyx_f_3mod_f()"), "__pyx_f_3mod_f()");
  EXPECT_EQ(in_users_words("", "exec → __pyx_f_3mod_f()"), "exec → f()");
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

}  // namespace
}  // namespace isoaudit::rules
