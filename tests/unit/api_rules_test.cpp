// Rules on functions that mean one interpreter or the whole process: the table of names, and what becomes of a row.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "rules/api_names.h"
#include "rules/judge.h"
#include "rules/registry.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::Finding;
using model::MultipleInterpreters;
using model::Severity;

std::string slug_of(std::string_view rule) {
  std::string slug(rule);
  std::ranges::replace(slug, '_', '-');
  return slug;
}

model::ApiUse use(const std::string& name, unsigned line) { return {name, {"demo.c", line, 0, "call"}, "demo.c"}; }

std::vector<Finding> of_rule(const model::Facts& facts, std::string_view slug) {
  std::vector<Finding> found;
  for (const Finding& finding : judge(facts, {}).findings) {
    if (finding.rule == slug) found.push_back(finding);
  }
  return found;
}

/// A module that declares nothing and imports these names.
model::Facts importing(std::vector<std::string> names) {
  model::Facts facts;
  facts.pythons = {python("3.14")};
  facts.binaries = {binary(model::Init::multi_phase, MultipleInterpreters::absent)};
  std::ranges::sort(names);
  facts.binaries[0].api_imports = std::move(names);
  return facts;
}

TEST(ApiNames, EveryRowIsWholeAndItsRuleExists) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const ApiName& row : api_names()) {
    EXPECT_NE(find_rule(slug_of(row.rule)), nullptr) << row.rule;
    EXPECT_TRUE(seen.insert({row.rule, row.name}).second) << row.name << " stands there twice";
    EXPECT_FALSE(row.harm.empty()) << row.name;
    EXPECT_FALSE(row.source.empty()) << row.name;
  }
}

TEST(ApiNames, TheRowsOfARuleStandTogether) {
  std::size_t rows = 0;
  std::set<std::string_view> rules;
  for (const ApiName& row : api_names()) rules.insert(row.rule);
  for (const std::string_view rule : rules) rows += api_names(slug_of(rule)).size();
  EXPECT_EQ(rows, api_names().size());
}

TEST(ApiRules, EveryRowIsReportedFromASourceAndFromAnImport) {
  for (const ApiName& row : api_names()) {
    const std::string slug = slug_of(row.rule);
    auto facts = source_of({});
    facts.pythons = {python("3.14")};
    facts.source.api_uses = {use(std::string(row.name), 7)};
    // That rule asks where the use stands.
    if (row.rule == "work_in_pyinit")
      facts.source.api_uses[0].where.function = facts.source.entry_points.at(0).entry.symbol;
    // And that one whether a flag is set beside it.
    if (row.rule == "builtins_patching") {
      facts.source.variables = {
          variable("done", "int", model::PythonType::none, {write_from("call", model::StoredValue::constant)})};
    }
    const auto in_source = of_rule(facts, slug);
    ASSERT_EQ(in_source.size(), 1U) << row.name;
    EXPECT_EQ(in_source[0].severity, row.severity) << row.name;
    EXPECT_EQ(in_source[0].status, model::Status::likely) << row.name;
    EXPECT_EQ(in_source[0].where.line, 7U) << row.name;
    const auto imported = of_rule(importing({std::string(row.name)}), slug);
    ASSERT_EQ(imported.size(), row.sight == ApiName::Sight::source_only ? 0U : 1U) << row.name;
    if (imported.empty()) continue;
    EXPECT_EQ(imported[0].severity, row.severity) << row.name;
    EXPECT_EQ(imported[0].status, model::Status::possible) << row.name;
  }
}

TEST(ApiRules, WhatTheUserAddsIsReportedAsATablesRowIs) {
  auto facts = importing({"mylib_init"});
  EXPECT_TRUE(of_rule(facts, "third-party-library-init").empty());
  facts.added_functions = {
      {"third-party-library-init", "mylib_init", Severity::blocker, "sets up mylib", "mylib_init_r()"}};
  facts.source = source_of({}).source;
  facts.source.api_uses = {use("mylib_init", 7)};
  const auto findings = of_rule(facts, "third-party-library-init");
  ASSERT_FALSE(findings.empty());
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.severity, Severity::blocker);
    EXPECT_EQ(finding.message, "`mylib_init` sets up mylib");
    EXPECT_TRUE(finding.fix.starts_with("use mylib_init_r()")) << finding.fix;
  }
  EXPECT_TRUE(of_rule(facts, "libc-hidden-static").empty());
}

TEST(ApiRules, WhatTheUserSaysOfAFunctionReplacesItsRow) {
  auto facts = importing({"localtime"});
  facts.added_functions = {
      {"libc-hidden-static", "localtime", Severity::advice, "is wrapped in a lock by this project"}};
  const auto findings = of_rule(facts, "libc-hidden-static");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].severity, Severity::advice);
}

// "In the main interpreter only" is what it does anyhow, and not what its caller wants.
TEST(ApiRules, APendingCallIsToRunWhereItBelongs) {
  auto facts = importing({"Py_AddPendingCall", "PySys_AddAuditHook"});
  auto findings = of_rule(facts, "process-global-hooks");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_NE(findings[1].fix.find("PyThreadState_New()"), std::string::npos) << findings[1].fix;
  EXPECT_EQ(findings[0].fix, "do it in the main interpreter only, once for the process");
  facts.added_functions = {
      {"process-global-hooks", "Py_AddPendingCall", Severity::hazard, "is for the main loop", "loop_call()"}};
  findings = of_rule(facts, "process-global-hooks");
  EXPECT_EQ(findings[1].fix.find("use loop_call()"), 0U) << findings[1].fix;
}

TEST(ApiRules, WindowsKeepsResultsOfTheCLibraryForEachThread) {
  auto facts = importing({"localtime", "setlocale"});
  facts.binaries[0].format = model::BinaryFormat::pe;
  EXPECT_TRUE(of_rule(facts, "libc-hidden-static").empty());
  EXPECT_EQ(of_rule(facts, "locale").size(), 1U);
}

TEST(ApiRules, ManyCallsOfOneFunctionAreOneFinding) {
  auto facts = source_of({});
  for (unsigned line = 1; line <= 12; ++line) facts.source.api_uses.push_back(use("localtime", line));
  facts.source.api_uses.push_back(use("strtok", 30));
  const auto findings = of_rule(facts, "libc-hidden-static");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].where.line, 1U);
  EXPECT_EQ(findings[0].because.size(), 9U);
  EXPECT_TRUE(std::ranges::any_of(findings[0].because, [](const auto& b) { return b.text == "and 4 more uses"; }));
  // A function that leads to another interpreter is looked at line by line.
  facts.source.api_uses = {use("PyGILState_Ensure", 1), use("PyGILState_Ensure", 2)};
  EXPECT_EQ(of_rule(facts, "pygilstate").size(), 2U);
}

/// What Cython's own helpers call is nobody's line: one finding beside those of the user's.
TEST(ApiRules, WhatAGeneratorAddsByItselfIsOneFinding) {
  auto facts = source_of({});
  auto& uses = facts.source.api_uses;
  uses = {use("PyGILState_Ensure", 1), use("PyGILState_Ensure", 2), use("PyGILState_Ensure", 3),
          use("PyGILState_Ensure", 4)};
  uses[0].generator = uses[1].generator = "cython";
  uses[2].where.file = "View.MemoryView";
  uses[3].where.file = "pkg/demo.pyx";
  const auto findings = of_rule(facts, "pygilstate");
  ASSERT_EQ(findings.size(), 2U);
  const auto& own = findings[0].generator.empty() ? findings[1] : findings[0];
  const auto& users = findings[0].generator.empty() ? findings[0] : findings[1];
  EXPECT_EQ(own.severity, Severity::advice);
  EXPECT_EQ(own.because.size(), 3U);
  EXPECT_TRUE(own.message.ends_with(", in code that cython adds by itself")) << own.message;
  EXPECT_EQ(users.severity, Severity::hazard);
  EXPECT_EQ(users.where.file, "pkg/demo.pyx");
}

/// Cython brings a part of its library along into each module that needs it: one line of it is a place in all of them.
TEST(ApiRules, WhatAGeneratorBringsAlongNamesEachModule) {
  auto facts = source_of({});
  facts.source.units.push_back({"other.c", {"PyInit_other"}, {}});
  auto other = facts.source.entry_points[0];
  other.entry.symbol = "PyInit_other";
  other.entry.module = "other";
  other.unit = other.where.file = "other.c";
  facts.source.entry_points.push_back(other);
  facts.source.api_uses = {use("PyGILState_Ensure", 7), use("PyGILState_Ensure", 7)};
  for (auto& of_library : facts.source.api_uses) of_library.where.file = "View.MemoryView";
  facts.source.api_uses[1].unit = "other.c";
  const auto findings = of_rule(facts, "pygilstate");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_TRUE(findings[0].message.ends_with(", in code that cython adds by itself to `demo`")) << findings[0].message;
  EXPECT_TRUE(findings[1].message.ends_with(", in code that cython adds by itself to `other`")) << findings[1].message;
}

TEST(ApiRules, SourceAndImportAreOneFinding) {
  auto facts = importing({"localtime"});
  const auto source = source_of({});
  facts.source = source.source;
  facts.source.api_uses = {use("localtime", 3)};
  const auto findings = of_rule(facts, "libc-hidden-static");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].because.size(), 2U);
  EXPECT_EQ(findings[0].status, model::Status::likely);
}

TEST(ApiRules, WhatAFrameworkLinksInIsAdviceUnlessOwnGilIsPromised) {
  auto facts = importing({"PyGILState_Ensure"});
  facts.binaries[0].framework = model::Framework::pybind11;
  ASSERT_EQ(of_rule(facts, "pygilstate").size(), 1U);
  EXPECT_EQ(of_rule(facts, "pygilstate")[0].severity, Severity::advice);
  facts.binaries[0].entry_points[0].entry.declares.multiple_interpreters = MultipleInterpreters::per_interpreter_gil;
  EXPECT_EQ(of_rule(facts, "pygilstate")[0].severity, Severity::hazard);
  facts.binaries[0].framework = model::Framework::none;
  facts.binaries[0].entry_points[0].entry.declares.multiple_interpreters = MultipleInterpreters::absent;
  EXPECT_EQ(of_rule(facts, "pygilstate")[0].severity, Severity::hazard);
}

TEST(ApiRules, TypesWithoutTheirModuleAreAdviceWhereNoneHasIt) {
  EXPECT_EQ(of_rule(importing({"PyType_FromSpec"}), "type-from-spec-without-module").size(), 1U);
  EXPECT_TRUE(
      of_rule(importing({"PyType_FromModuleAndSpec", "PyType_FromSpec"}), "type-from-spec-without-module").empty());
  auto generated = importing({"PyType_FromSpec"});
  generated.binaries[0].framework = model::Framework::pyo3;
  EXPECT_TRUE(of_rule(generated, "type-from-spec-without-module").empty());
}

TEST(ApiRules, LinkedLibrariesAreNamedOnce) {
  auto facts = importing({"xmlInitParser"});
  facts.binaries[0].libraries = {"libxml2.so.2", "libhdf5-1a2b3c4d.so.310", "libc.so.6"};
  const auto findings = of_rule(facts, "third-party-library-init");
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(std::ranges::count(findings, Severity::advice, &Finding::severity), 2);
}

TEST(CapsuleRules, DatetimeFailsIn312AndIsAdviceLater) {
  auto facts = importing({"PyCapsule_Import"});
  facts.binaries[0].capsule_names = {"datetime.datetime_CAPI"};
  facts.pythons = {python("3.12"), python("3.14")};
  facts.binaries[0].entry_points[0].versions = {{3, 12}, {3, 14}};
  const auto findings = of_rule(facts, "datetime-import");
  ASSERT_EQ(findings.size(), 2U);
  for (const Finding& finding : findings) {
    const bool old = finding.severity == Severity::blocker;
    EXPECT_EQ(finding.pythons, std::vector<std::string>{old ? "3.12" : "3.14"});
  }
  // A file for 3.14 alone is never loaded by 3.12.
  facts.binaries[0].entry_points[0].versions = {{3, 14}};
  ASSERT_EQ(of_rule(facts, "datetime-import").size(), 1U);
  EXPECT_EQ(of_rule(facts, "datetime-import")[0].severity, Severity::advice);
  // The name alone, in a text, asks for nothing.
  facts.binaries[0].api_imports = {};
  EXPECT_TRUE(of_rule(facts, "datetime-import").empty());
}

/// CPython's _testcapi: of several APIs that a module asks for, each is told once, by the rule that it has.
TEST(CapsuleRules, TheNameThatCodeAsksForSaysWhoseApiAStaticKeeps) {
  auto facts = importing({"PyCapsule_Import"});
  facts.binaries[0].capsule_names = {"_curses._C_API", "datetime.datetime_CAPI"};
  model::CodeWrite write = code_write("api", "exec", "PyCapsule_Import");
  const auto expect_told = [&](std::vector<model::CodeWrite> writes, bool told) {
    facts.binaries[0].code.writes = std::move(writes);
    const auto of_code = [](const Finding& finding) { return finding.subject.name == "api"; };
    EXPECT_EQ(std::ranges::count_if(of_rule(facts, "capsule-api-in-static"), of_code), told ? 1 : 0);
    EXPECT_EQ(of_rule(facts, "datetime-import").size(), 1U);
  };
  expect_told({write}, true);
  write.stored = "_curses._C_API";
  expect_told({write}, true);
  model::CodeWrite of_datetime = write;
  of_datetime.stored = "datetime.datetime_CAPI";
  expect_told({of_datetime}, false);
  expect_told({of_datetime, write}, true);
  model::CodeWrite null = code_write("api", "forget");
  null.value = model::StoredValue::constant;
  null.stored = "0x0";
  expect_told({of_datetime, null}, false);
  // Of a module that asks for datetime's API and for one that no text of it names.
  facts.binaries[0].capsule_names = {"datetime.datetime_CAPI"};
  expect_told({write}, true);
}

TEST(CapsuleRules, NumpysUsersAreToldAndNumpyIsNot) {
  auto facts = importing({"PyCapsule_GetPointer"});
  facts.binaries[0].capsule_names = {"_ARRAY_API"};
  EXPECT_EQ(of_rule(facts, "numpy-import-array").size(), 1U);
  facts.binaries[0].module = "numpy._core._multiarray_umath";
  EXPECT_TRUE(of_rule(facts, "numpy-import-array").empty());
  facts.binaries[0].module = "demo";
  facts.binaries[0].api_imports = {};
  EXPECT_TRUE(of_rule(facts, "numpy-import-array").empty());
}

struct DefinitionCase {
  const char* what;
  model::Init init;
  std::int64_t state_size;
  bool has_hooks;
  std::vector<std::string> expected;
};

TEST(DefinitionRules, Table) {
  const DefinitionCase cases[] = {
      {"no state", model::Init::multi_phase, 0, false, {}},
      {"state with hooks", model::Init::multi_phase, 16, true, {}},
      {"state without hooks", model::Init::multi_phase, 16, false, {"module-state-without-gc-hooks"}},
      {"negative size", model::Init::multi_phase, -1, false, {"negative-m-size-with-slots"}},
      {"single-phase with -1", model::Init::single_phase, -1, false, {"m-copy-sharing", "single-phase-init"}},
      {"single-phase that is made anew", model::Init::single_phase, 0, false, {"single-phase-init"}},
      {"slots alone", model::Init::export_slots, 8, false, {"module-state-without-gc-hooks"}},
  };
  for (const DefinitionCase& c : cases) {
    for (const bool compiled : {false, true}) {
      auto declared = entry(c.init, MultipleInterpreters::per_interpreter_gil);
      declared.declares.state_size = c.state_size;
      declared.declares.has_traverse = declared.declares.has_clear = c.has_hooks;
      model::Facts facts;
      if (compiled) {
        facts.binaries = {binary(c.init, MultipleInterpreters::per_interpreter_gil)};
        facts.binaries[0].entry_points[0].entry = declared;
      } else {
        facts = source_of({});
        facts.source.entry_points[0].entry = declared;
      }
      std::vector<std::string> slugs;
      for (const Finding& finding : judge(facts, {}).findings) slugs.push_back(finding.rule);
      std::ranges::sort(slugs);
      EXPECT_EQ(slugs, c.expected) << c.what << ", compiled " << compiled;
    }
  }
}

TEST(DefinitionRules, GlobalsBesideNoStateAreAHalfFinishedPort) {
  auto facts = source_of({variable("cache", "PyObject *", model::PythonType::object_pointer,
                                   {write_from("exec", model::StoredValue::call, "PyDict_New")})});
  EXPECT_TRUE(of_rule(facts, "m-size-zero-with-globals").empty());
  facts.source.entry_points[0].entry.declares.state_size = 0;
  const auto findings = of_rule(facts, "m-size-zero-with-globals");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].message.find("`cache`"), std::string::npos);
  // Two classes may each have a member of that name.
  facts.source.variables[0].qualified_name = "pkg::Demo::cache";
  EXPECT_NE(of_rule(facts, "m-size-zero-with-globals")[0].message.find("`pkg::Demo::cache`"), std::string::npos);
  // What a generator writes nobody moves by hand.
  facts.source.entry_points[0].generator = "cython";
  EXPECT_TRUE(of_rule(facts, "m-size-zero-with-globals").empty());
}

TEST(ApiRules, WhatALinkedLibraryImportsIsAdvice) {
  model::Facts facts = importing({"chdir", "umask"});
  facts.binaries[0].linked_in = {"libstdc++'s std::filesystem"};
  std::vector<std::string> told;
  for (const Finding& finding : of_rule(facts, "environment-cwd-umask")) {
    told.push_back(finding.subject.name + " " + model::to_string(finding.severity) + " " +
                   std::to_string(finding.because.size()));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"chdir advice 2", "umask hazard 1"}));
  facts.binaries[0].linked_in.clear();
  for (const Finding& finding : of_rule(facts, "environment-cwd-umask")) {
    EXPECT_EQ(finding.severity, Severity::hazard) << finding.subject.name;
  }
}

/// What a run saw changing and what the module imports for it are one finding, and the run confirms it.
TEST(ApiRules, WhatARunSawChangingIsConfirmed) {
  model::Facts facts = importing({"fchdir", "umask"});
  facts.runs = {clean_run()};
  facts.runs[0].path = facts.binaries[0].path;
  using Change = model::ProcessChange;
  at(facts.runs[0], model::Level::sequential).process = {
      {Change::Kind::folder, "the working folder", "import", 1},
      {Change::Kind::handler, "the handler of SIGINT", "import", 1},
  };
  const auto changed = of_rule(facts, "environment-cwd-umask");
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_EQ(changed[0].subject.name, "fchdir");
  EXPECT_EQ(changed[0].status, model::Status::confirmed);
  EXPECT_EQ(changed[0].because.back().kind, model::EvidenceKind::runtime);
  EXPECT_NE(changed[0].because.back().text.find("import in interpreter 1 changed the working folder"),
            std::string::npos);
  EXPECT_EQ(changed[1].subject.name, "umask");
  EXPECT_EQ(changed[1].status, model::Status::possible);
  // Nothing that it imports explains the handler: the rule names the function that is meant for it.
  const auto handlers = of_rule(facts, "signals-timers");
  ASSERT_EQ(handlers.size(), 1U);
  EXPECT_EQ(handlers[0].subject.name, "sigaction");
  EXPECT_EQ(handlers[0].status, model::Status::confirmed);
}

}  // namespace
}  // namespace isoaudit::rules
