// What rules make of machine code: the rule, what explains a write, what becomes one finding, and the table of globals.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/code_report.h"
#include "rules/data_methods.h"
#include "rules/judge.h"
#include "tests/unit/code_facts.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::CodeWrite;
using model::Finding;
using model::MultipleInterpreters;
using model::RunsWhen;
using model::StoredValue;

TEST(CodeRules, WhatIsStoredNamesTheRule) {
  const std::pair<const char*, const char*> rows[] = {{"PyErr_NewException", "global-exception"},
                                                      {"PyErr_NewExceptionWithDoc", "global-exception"},
                                                      {"PyType_FromModuleAndSpec", "global-heap-type-pointer"},
                                                      {"PyUnicode_InternFromString", "global-string-cache"},
                                                      {"PyDict_New", "global-pyobject-cache"},
                                                      {"PyUnicode_New", "global-pyobject-cache"},
                                                      {"PyUnicode_DecodeUTF8", "global-pyobject-cache"},
                                                      {"PyObject_GetItem", "global-pyobject-cache"},
                                                      {"PyObject_GetItemData", "non-object-mutable-static"},
                                                      {"PyDict_Size", "non-object-mutable-static"},
                                                      {"PyModule_Create2", "global-module-pointer"},
                                                      {"PyCapsule_Import", "capsule-api-in-static"},
                                                      {"PyMem_Malloc", "pymem-block-in-global"},
                                                      {"PyMem_RawMalloc", "non-object-mutable-static"},
                                                      {"PyEval_SaveThread", "stored-thread-or-interpreter-state"},
                                                      {"malloc", "non-object-mutable-static"},
                                                      {"", "non-object-mutable-static"}};
  for (const auto& [result_of, rule] : rows) {
    for (const auto declared : {MultipleInterpreters::per_interpreter_gil, MultipleInterpreters::absent}) {
      const auto findings = code_findings_of(
          module_that({code_write("thing", "exec"), code_write("thing", "exec", result_of)}, declared));
      ASSERT_EQ(findings.size(), 1U) << result_of;
      EXPECT_EQ(findings[0].rule, rule) << result_of;
      const bool promised = declared == MultipleInterpreters::per_interpreter_gil;
      const bool sure = findings[0].status == model::Status::likely;
      EXPECT_EQ(findings[0].severity, promised && sure ? model::Severity::blocker : model::Severity::hazard) << rule;
    }
  }
}

/// Names of C++ say what the function takes.
TEST(CodeRules, AResultNamesItsFunctionWithOnePairOfBrackets) {
  const std::pair<const char*, const char*> rows[] = {
      {"PyDict_New", "the result of PyDict_New() to `thing`"},
      {"operator new(unsigned long)", "the result of operator new(unsigned long) to `thing`"}};
  for (const auto& [result_of, words] : rows) {
    const auto findings = code_findings_of(
        module_that({code_write("thing", "exec", result_of)}, MultipleInterpreters::per_interpreter_gil));
    ASSERT_EQ(findings.size(), 1U) << result_of;
    ASSERT_FALSE(findings[0].because.empty()) << result_of;
    EXPECT_TRUE(findings[0].because[0].text.ends_with(words)) << findings[0].because[0].text;
  }
}

TEST(CodeRules, WhatNothingLeadsToIsNoEvidence) {
  const CodeWrite dead =
      changed(code_write("thing", "a_dead_one"), [](CodeWrite& w) { w.reached = {{RunsWhen::never, ""}}; });
  const auto findings =
      code_findings_of(module_that({dead, code_write("thing", "method")}, MultipleInterpreters::per_interpreter_gil));
  ASSERT_EQ(findings.size(), 1U);
  ASSERT_FALSE(findings[0].because.empty());
  for (const model::Because& because : findings[0].because) {
    EXPECT_EQ(because.text.find("a_dead_one"), std::string::npos) << because.text;
  }
}

TEST(CodeRules, WhatExplainsAWrite) {
  struct Row {
    const char* what;
    std::vector<CodeWrite> writes;
    bool explained;
  };
  const auto counter = stores(StoredValue::changed, "", 4);
  const auto one = stores(StoredValue::constant, "0x1", 4);
  const auto zero = stores(StoredValue::constant, "0x0", 4);
  const auto dict = changed(stores(StoredValue::call), [](CodeWrite& w) { w.result_of = "PyDict_New"; });
  const auto with_lock = [](CodeWrite& w) { w.guard = "PyMutex_Lock"; };
  const auto atomic = [](CodeWrite& w) { w.atomic = true; };
  const auto at_load = [](CodeWrite& w) { w.reached = {{RunsWhen::static_initialiser, ""}}; };
  const auto at_load_and_in_calls = [](CodeWrite& w) {
    w.reached = {{RunsWhen::static_initialiser, ""}, {RunsWhen::call, ""}};
  };
  const auto never = [](CodeWrite& w) { w.reached = {{RunsWhen::never, ""}}; };
  const auto next_word = [](CodeWrite& w) { w.offset += 4; };
  const auto two_bytes_on = [](CodeWrite& w) { w.offset += 2; };
  const Row rows[] = {
      {"a counter", {counter}, false},
      {"a counter under a lock", {changed(counter, with_lock)}, true},
      {"an atomic counter", {changed(counter, atomic)}, true},
      {"one of two writes under a lock", {counter, changed(counter, with_lock)}, false},
      {"a counter that is filled at load", {changed(counter, at_load)}, true},
      {"a counter that calls fill as well", {changed(counter, at_load_and_in_calls)}, false},
      {"one constant", {one}, true},
      {"a constant that is not known", {stores(StoredValue::constant, "", 4)}, false},
      {"two constants in one word", {one, zero}, false},
      {"two constants in two words", {one, changed(zero, next_word)}, true},
      {"two constants that overlap", {one, changed(one, two_bytes_on)}, false},
      {"one address", {stores(StoredValue::static_address, ".data+0x40")}, true},
      {"None, or nothing",
       {stores(StoredValue::immortal, "_Py_NoneStruct"), stores(StoredValue::constant, "0x0")},
       true},
      {"None, or a dict", {stores(StoredValue::immortal, "_Py_NoneStruct"), dict}, false},
      {"what sysconf answers", {changed(dict, [](CodeWrite& w) { w.result_of = "sysconf"; })}, true},
      {"a dict under a lock", {changed(dict, with_lock)}, false},
      {"a dict stored atomically", {changed(dict, atomic)}, false},
      {"a dict made at load", {changed(dict, at_load)}, false},
      {"a dict where nothing leads to", {changed(dict, never)}, true},
      {"eight unknown bytes under a lock", {changed(stores(StoredValue::unknown), with_lock)}, false},
      {"four unknown bytes under a lock", {changed(stores(StoredValue::unknown, "", 4), with_lock)}, true},
      {"malloc's block under a lock",
       {changed(changed(dict, with_lock), [](CodeWrite& w) { w.result_of = "malloc"; })},
       true},
      {"PyMem_Malloc's block under a lock",
       {changed(changed(dict, with_lock), [](CodeWrite& w) { w.result_of = "PyMem_Malloc"; })},
       false},
      {"its address goes to a function, under a lock",
       {changed(changed(counter, with_lock),
                [](CodeWrite& w) {
                  w.passed_to = "fill";
                  w.size = 0;
                })},
       false},
      {"its address goes to a function that changes a number atomically",
       {changed(changed(counter, atomic), [](CodeWrite& w) { w.passed_to = "_PyMutex_Lock"; })},
       true},
      {"a text that is made under a lock",
       {changed(
           changed(dict, with_lock),
           [](CodeWrite& w) {
             w.result_of = "";
             w.passed_to =
                 "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string(...)";
           })},
       true},
      {"texts in a vector, under a lock",
       {changed(changed(dict, with_lock),
                [](CodeWrite& w) { w.passed_to = "std::vector<std::string, std::allocator<std::string>>::clear()"; })},
       true},
      {"objects in a vector, under a lock",
       {changed(changed(dict, with_lock),
                [](CodeWrite& w) { w.passed_to = "std::vector<_object*, std::allocator<_object*>>::clear()"; })},
       false},
  };
  for (const Row& row : rows) EXPECT_EQ(code_findings_of(module_that(row.writes)).empty(), row.explained) << row.what;
}

TEST(CodeRules, ALockHelpsANumberWhoseDeclarationIsKnown) {
  auto facts =
      module_that({changed(stores(StoredValue::unknown), [](CodeWrite& w) { w.guard = "pthread_mutex_lock"; })});
  for (const auto& [type, explained] : {std::pair("long", true), std::pair("PyObject *", false)}) {
    model::StaticObject object;
    object.symbol = "thing";
    object.section = ".bss";
    object.size = 8;
    object.declared_type = type;
    object.declared_file = "demo.c";
    facts.binaries[0].static_objects = {object};
    EXPECT_EQ(code_findings_of(facts).empty(), explained) << type;
  }
}

TEST(CodeRules, ALockThatMayNotHelpIsToldOf) {
  const auto guarded = changed(stores(StoredValue::unknown), [](CodeWrite& w) { w.guard = "PyMutex_Lock"; });
  const auto told = code_findings_of(module_that({guarded}));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].message, "`thing` is guarded at every store, but may hold an object, which no lock helps");
  EXPECT_TRUE(told[0].because.at(0).text.ends_with(", under PyMutex_Lock")) << told[0].because.at(0).text;
  const auto once_without = code_findings_of(module_that({guarded, stores(StoredValue::unknown)}));
  ASSERT_EQ(once_without.size(), 1U);
  EXPECT_EQ(once_without[0].message, "`thing` is mutable memory that only the GIL used to guard");
}

// `static CpuInfo instance;` of four bytes, made in place by its constructor: what that writes is no object.
TEST(CodeRules, ALockHelpsWhatIsTooSmallForAnObject) {
  CodeWrite made = code_write("thing", "instance");
  made.passed_to = "CpuInfo::CpuInfo()";
  CodeWrite guarded = made;
  guarded.guard = "__cxa_guard_acquire";
  struct Row {
    const char* what;
    std::uint64_t size;
    std::vector<CodeWrite> writes;
    bool explained;
  };
  const Row rows[] = {{"four bytes", 4, {guarded}, true},
                      {"room for a pointer", 8, {guarded}, false},
                      {"a size that is not known", 0, {guarded}, false},
                      {"four bytes without a lock", 4, {made}, false},
                      {"four bytes, once without the lock", 4, {guarded, made}, false}};
  for (const Row& row : rows) {
    auto facts = module_that(row.writes);
    model::StaticObject object;
    object.symbol = "thing";
    object.section = ".bss";
    object.size = row.size;
    facts.binaries[0].static_objects = {object};
    EXPECT_EQ(code_findings_of(facts).empty(), row.explained) << row.what;
  }
}

TEST(CodeRules, TheTableThatCythonGuardsIsExplainedOnlyWhereItsWritesAreGuarded) {
  const auto table = [](const char* name, bool atomic, const char* guard) {
    CodeWrite write = stores(StoredValue::unknown);
    write.symbol = write.name = name;
    write.atomic = atomic;
    write.guard = guard;
    return write;
  };
  struct Row {
    const char* what;
    std::vector<CodeWrite> writes;
    model::Framework framework;
    bool explained;
  };
  constexpr auto cython = model::Framework::cython;
  const char* data = "__Pyx_ModuleStateLookup_data";
  const Row rows[] = {
      {"exchanged", {table(data, true, "")}, cython, true},
      {"exchanged, as the link-time optimiser names it",
       {table("__Pyx_ModuleStateLookup_data.lto_priv.0", true, "")},
       cython,
       true},
      {"stored under the lock", {table(data, false, "pthread_mutex_lock")}, cython, true},
      {"compiled without CYTHON_MODULE_STATE_LOOKUP_THREAD_SAFE", {table(data, false, "")}, cython, false},
      {"one write without a lock", {table(data, true, ""), table(data, false, "")}, cython, false},
      {"another of Cython's statics", {table("__pyx_m", true, "")}, cython, false},
      {"somebody else's of that name", {table(data, true, "")}, model::Framework::none, false},
  };
  for (const Row& row : rows) {
    auto facts = module_that(row.writes);
    facts.binaries[0].framework = row.framework;
    EXPECT_EQ(code_findings_of(facts).empty(), row.explained) << row.what;
    // What the run sees of it is no more.
    facts.runs = {clean_run()};
    model::ChangedWord word = overwritten_word(row.writes[0].symbol);
    at(facts.runs[0], model::Level::isolated).changed = {word};
    const auto kind = judge(facts, {}).modules[0].verdicts[0].kind;
    EXPECT_EQ(kind == model::VerdictKind::isolated, row.explained) << row.what << ": " << to_string(kind);
  }
}

TEST(CodeRules, WritesInsideOneVariableAreOneFinding) {
  auto second = code_write("", "reset");
  second.offset = 4;
  auto facts = module_that({code_write("", "fill", "PyDict_New"), second});
  EXPECT_EQ(code_findings_of(facts).size(), 2U);
  // One store that is as wide as both.
  facts.binaries[0].code.writes[0].size = facts.binaries[0].code.writes[1].size = 8;
  EXPECT_EQ(code_findings_of(facts).size(), 1U);
  for (CodeWrite& write : facts.binaries[0].code.writes) write.size = 4;
  model::StaticObject type;
  type.kind = model::StaticObject::Kind::type;
  type.type_name = "demo.Thing";
  type.section = ".bss";
  type.size = 408;
  facts.binaries[0].static_objects = {type};
  const auto findings = code_findings_of(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "static-type-object");
}

TEST(CodeRules, WhoUsesAGeneratorIsToldWhatItOffers) {
  auto facts = module_that({}, MultipleInterpreters::absent);
  const auto fix_of = [&] {
    const std::vector<Finding> findings = judge(facts, {}).findings;
    const auto found = std::ranges::find(findings, "no-multiple-interpreters-slot", &Finding::rule);
    return found == findings.end() ? "" : found->fix;
  };
  EXPECT_NE(fix_of().find("Py_MOD_PER_INTERPRETER_GIL_SUPPORTED"), std::string::npos);
  facts.binaries[0].framework = model::Framework::pybind11;
  EXPECT_NE(fix_of().find("py::multiple_interpreters::per_interpreter_gil()"), std::string::npos);
}

TEST(CodeRules, CellsOfPyO3HoldWhatTheirFillersSay) {
  const auto finding_of = [](const char* name, const char* filler) {
    CodeWrite write = code_write(name, "call");
    write.symbol = "_RNv";
    write.passed_to = filler;
    auto facts = module_that({write}, MultipleInterpreters::absent);
    facts.binaries[0].framework = model::Framework::pyo3;
    const auto findings = code_findings_of(facts);
    EXPECT_EQ(findings.size(), 1U) << name;
    return findings.empty() ? Finding() : findings[0];
  };
  const Finding interned = finding_of(
      "demo::keys::INTERNED", "pyo3::sync::once_lock::init_once_cell_py_attached::<<pyo3::sync::Interned>::get, _>");
  EXPECT_EQ(interned.rule, "global-string-cache");
  EXPECT_EQ(interned.generator, "pyo3");
  const Finding type =
      finding_of("<demo::Key as pyo3::impl_::pyclass::PyClassImpl>::lazy_type_object::TYPE_OBJECT",
                 "<pyo3::impl_::pyclass::lazy_type_object::LazyTypeObject<demo::Key>>::get_or_try_init");
  EXPECT_EQ(type.rule, "global-heap-type-pointer");
  EXPECT_EQ(type.generator, "pyo3");
  const Finding mine =
      finding_of("demo::DECIMAL", "pyo3::sync::once_lock::try_init::<pyo3::instance::Py<pyo3::types::any::PyAny>>");
  EXPECT_EQ(mine.rule, "global-pyobject-cache");
  EXPECT_EQ(mine.generator, "");
  EXPECT_EQ(finding_of("demo::TEXT", "pyo3::sync::once_lock::try_init::<alloc::string::String>").rule,
            "non-object-mutable-static");
}

TEST(CodeRules, WhatRustsLibraryKeepsForItselfIsExplained) {
  const auto count = [](const char* symbol, const char* name, const char* section) {
    CodeWrite write = stores(StoredValue::changed);
    write.symbol = symbol;
    write.name = name;
    write.section = section;
    return code_findings_of(module_that({write}));
  };
  const char* const id = "_RNvNtNtCs1_3std6thread7current2ID";
  EXPECT_TRUE(count(id, "std::thread::current::ID", ".tbss").empty());
  EXPECT_TRUE(count("_ZN3std9panicking5COUNT17h0123456789abcdefE", "std::panicking::COUNT", ".bss").empty());
  // Which instructions the processor has: a crate of its own that std brings.
  EXPECT_TRUE(count("_RNvNtNtCs1_10std_detect6detect5cache5CACHE", "std_detect::detect::cache::CACHE", ".bss").empty());
  EXPECT_EQ(count("_ZN3std5COUNTE", "std::COUNT", ".bss").size(), 1U);
  const auto mine = count("_RNvCs1_4demo2ID", "demo::ID", ".tbss");
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0].message,
            "`demo::ID` may hold an object for each thread, but one thread can run several interpreters");
}

/// Static objects are immortal: what counts their references looks first, and never does.
TEST(CodeRules, ACountOfReferencesIsNoWriteOfAStaticObject) {
  auto count = stores(StoredValue::changed, "", 4);
  auto facts = module_that({count});
  facts.binaries[0].static_objects = {
      {.kind = model::StaticObject::Kind::instance, .type_name = "demo.Thing", .section = ".bss", .size = 24}};
  EXPECT_TRUE(code_findings_of(facts).empty());
  facts.binaries[0].code.writes[0].offset = 16;
  EXPECT_EQ(code_findings_of(facts).size(), 1U);
  facts.binaries[0].code.writes[0].offset = 0;
  facts.binaries[0].static_objects[0].kind = model::StaticObject::Kind::variable;
  EXPECT_EQ(code_findings_of(facts).size(), 1U);
}

TEST(CodeRules, WhatGetsReadyIsAType) {
  for (const char* function : {"PyType_Ready", "PyStructSequence_InitType2"}) {
    auto passed = code_write("thing", "exec");
    passed.passed_to = function;
    const auto findings = code_findings_of(module_that({passed}));
    ASSERT_EQ(findings.size(), 1U) << function;
    EXPECT_EQ(findings[0].rule, "static-type-object");
  }
}

TEST(CodeRules, PointersToApisWithRulesOfTheirOwnAreExplained) {
  auto version = module_that({code_write("_demo_ARRAY_APIPyArray_RUNTIME_VERSION", "exec")});
  EXPECT_TRUE(code_findings_of(version).empty());
  for (const char* name : {"PyArray_API", "PyDateTimeAPI", "their_api"}) {
    auto facts = module_that({code_write(name, "exec", "PyCapsule_Import")});
    const bool own = std::string(name) != "their_api";
    EXPECT_EQ(code_findings_of(facts).empty(), own) << name;
    EXPECT_EQ(code_report(facts.binaries[0]).globals.at(0).explained.empty(), !own) << name;
    facts.binaries[0].capsule_names = {"numpy.core._multiarray_umath"};
    EXPECT_FALSE(code_report(facts.binaries[0]).globals.at(0).explained.empty()) << name;
  }
}

/// The loader alone knows which variable it is: the first one of the section is not blamed.
TEST(CodeRules, ThreadLocalMemoryIsOneVariableWithoutAName) {
  CodeWrite write = code_write("", "remember", "PyList_New");
  write.section = ".tbss";
  auto facts = module_that({write});
  facts.binaries[0].static_objects = {{.symbol = "depth", .section = ".tbss", .offset = write.offset, .size = 4}};
  const auto findings = code_findings_of(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "thread-local-pyobject");
  EXPECT_EQ(findings[0].subject.name, "thread-local memory");
  EXPECT_EQ(findings[0].subject.linkage_name, "");
}

TEST(CodeRules, MethodsOfPlainData) {
  const std::string text = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char>>";
  const std::string texts = fmt::format("std::vector<{0}, std::allocator<{0}>>", text);
  for (const std::string& function :
       {fmt::format("{}::assign(char const*)", text), fmt::format("{}::push_back({}&&)", texts, text),
        fmt::format("void {0}::_M_realloc_insert<{1}>(__gnu_cxx::__normal_iterator<{1}*, {0}>, {1}&&)", texts, text),
        fmt::format("std::map<{0}, int, std::less<{0}>>::operator[]({0} const&)", text),
        std::string("std::vector<unsigned long, std::allocator<unsigned long>>::resize(unsigned long)"),
        std::string("std::array<int, 16ul>::fill(int const&)")}) {
    EXPECT_TRUE(is_method_of_data(function)) << function;
  }
  for (const char* function :
       {"std::vector<_object*, std::allocator<_object*>>::push_back(_object* const&)",
        "std::map<int, pybind11::object>::clear()", "std::vector<Entry, std::allocator<Entry>>::clear()",
        "std::vector<void*, std::allocator<void*>>::clear()", "std::vector<std::any>::clear()",
        "std::vector<std::function<int ()>>::clear()", "std::vector<(anonymous namespace)::Entry>::clear()",
        "std::_Rb_tree_insert_and_rebalance(bool, std::_Rb_tree_node_base*)", "my::vector<int>::clear()",
        "std::shared_ptr<int>::reset()", "fill(std::vector<int>&)", "std::swap(int&, int&)", ""}) {
    EXPECT_FALSE(is_method_of_data(function)) << function;
  }
}

/// One thread runs several interpreters: that matters to objects alone.
TEST(CodeRules, AThreadLocalTextIsNoObject) {
  const auto thread = [](std::uint64_t offset, std::uint64_t size, const char* passed_to) {
    CodeWrite write = code_write("", "remember", "");
    write.section = ".tbss", write.offset = offset, write.size = size, write.passed_to = passed_to;
    write.value = model::StoredValue::unknown;
    return write;
  };
  const char* const assign = "std::__cxx11::basic_string<char>::assign(char const*)";
  EXPECT_TRUE(code_findings_of(module_that({thread(0, 32, assign), thread(8, 8, "")})).empty());
  EXPECT_TRUE(code_findings_of(module_that({thread(0, 32, assign)})).empty());
  // What lies behind it, or where nothing tells.
  EXPECT_EQ(code_findings_of(module_that({thread(0, 32, assign), thread(32, 8, "")})).size(), 1U);
  EXPECT_EQ(code_findings_of(module_that({thread(0, 8, ""), thread(8, 32, assign)})).size(), 1U);
  EXPECT_EQ(code_findings_of(module_that({thread(0, 32, assign), thread(0, 0, "")})).size(), 1U);
  // A block may hold objects.
  CodeWrite block = thread(0, 8, "");
  block.value = model::StoredValue::call, block.result_of = "operator new(unsigned long)";
  EXPECT_EQ(code_findings_of(module_that({block})).size(), 1U);
}

TEST(CodeRules, AThreadLocalVariableThatTheLinkersTableTellsHasItsName) {
  CodeWrite write = code_write("recent", "remember", "PyList_New");
  write.section = ".tbss";
  write.offset = 8;
  write.size = 8;
  CodeWrite other = write, somewhere = write;
  other.symbol = other.name = "other";
  other.offset = 0;
  somewhere.symbol = somewhere.name = "";
  somewhere.offset = somewhere.size = 0;
  const auto findings = code_findings_of(module_that({write, other, somewhere}));
  std::vector<std::string> names;
  for (const Finding& finding : findings) names.push_back(finding.subject.name);
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"other", "recent", "thread-local memory"}));
}

TEST(CodeRules, AThreadLocalNumberIsNoObject) {
  const auto told = [](const char* type, const char* result_of) {
    CodeWrite write = code_write("depth", "enter", result_of);
    write.section = ".tbss", write.size = 8;
    write.value = StoredValue::unknown;
    auto facts = module_that({write});
    model::StaticObject object;
    object.symbol = "depth", object.section = ".tbss", object.size = 8;
    object.declared_type = type, object.declared_file = "demo.c";
    facts.binaries[0].static_objects = {object};
    return code_findings_of(facts).size();
  };
  EXPECT_EQ(told("unsigned long", ""), 0U);
  EXPECT_EQ(told("void *", ""), 1U);
  EXPECT_EQ(told("PyObject *", ""), 1U);
  // A number that holds an object nonetheless.
  EXPECT_EQ(told("uintptr_t", "PyDict_New"), 1U);
}

TEST(CodeReport, NamesWritersTimesAndValues) {
  auto write = code_write("cache", "load", "PyDict_New");
  write.size = 8;
  write.reached = {{RunsWhen::exec, "exec slot `set_up` → load()"}, {RunsWhen::call, "method `get` → load()"}};
  auto facts = module_that({write, write});
  facts.binaries[0].code.reads = {{".bss", 4, "get"}, {".bss", 0, "get"}, {".bss", 0, "other"}, {".bss", 8, "third"}};
  const model::CodeReport report = code_report(facts.binaries[0]);
  ASSERT_EQ(report.globals.size(), 1U);
  const model::GlobalVariable& global = report.globals[0];
  EXPECT_EQ(global.name, "cache");
  EXPECT_EQ(global.kind, model::GlobalKind::object);
  EXPECT_EQ(global.readers, 2U);
  ASSERT_EQ(global.writers.size(), 1U);
  EXPECT_EQ(global.writers[0].when, (std::vector{RunsWhen::exec, RunsWhen::call}));
  EXPECT_EQ(global.writers[0].value, "result of PyDict_New()");
  EXPECT_EQ(global.writers[0].path, "exec slot `set_up` → load()");
}

TEST(CodeReport, OnlyWhereCodeWasAskedFor) {
  auto facts = module_that({code_write("cache", "load")});
  EXPECT_TRUE(judge(facts, {}).modules[0].code.has_value());
  facts.binaries[0].code = {};
  EXPECT_FALSE(judge(facts, {}).modules[0].code.has_value());
  facts.binaries[0].code.why_not = "--no-code";
  const auto code = judge(facts, {}).modules[0].code;
  EXPECT_TRUE(code && !code->read);
}

}  // namespace
}  // namespace isoaudit::rules
