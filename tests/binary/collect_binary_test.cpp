#include "analyzer/binary/collect_binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

using model::GilUse;
using model::Init;
using model::MultipleInterpreters;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class CollectBinary : public testing::Test {
 protected:
  model::BinaryFacts collect(const std::string& path) {
    BinaryResult result = collect_binary({path, "", ""});
    for (const model::Gap& gap : result.gaps) ADD_FAILURE() << gap.input << ": " << gap.reason;
    return result.facts.value_or(model::BinaryFacts{});
  }

  /// The one row of a module with one hook.
  model::BinaryEntryPoint only_row(const std::string& source, const std::string& flags = "-O2") {
    const model::BinaryFacts facts = collect(folder.build(tests::tagged("_m"), source, flags));
    EXPECT_THAT(facts.entry_points, SizeIs(1));
    return facts.entry_points.empty() ? model::BinaryEntryPoint{} : facts.entry_points[0];
  }

  tests::ModuleFolder folder;
};

std::string with_slots(const std::string& slots) {
  return "static int run(PyObject *m) { return 0; }\n"
         "static PyModuleDef_Slot slots[] = {{Py_mod_exec, run}, " +
         slots +
         " {0, 0}};\n"
         "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 24, 0, slots};\n"
         "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n";
}

struct SlotCase {
  const char* slots;
  MultipleInterpreters multiple_interpreters;
  GilUse gil;
  const char* invalid;
};

class SlotValues : public CollectBinary, public testing::WithParamInterface<SlotCase> {};

TEST_P(SlotValues, AreReadWithAndWithoutOptimisationAndSymbols) {
  for (const char* flags : {"-O0", "-O2", "-O2 -s", "-O2 -fno-plt -Wl,-z,now", "-Os -fcf-protection=none",
                            "-O2 -Wl,-z,pack-relative-relocs"}) {
    const model::BinaryEntryPoint row = only_row(with_slots(GetParam().slots), flags);
    EXPECT_EQ(row.entry.init, Init::multi_phase) << flags;
    EXPECT_EQ(row.entry.declares.multiple_interpreters, GetParam().multiple_interpreters) << flags;
    EXPECT_EQ(row.entry.declares.gil, GetParam().gil) << flags;
    EXPECT_EQ(row.entry.declares.invalid, GetParam().invalid) << flags;
    EXPECT_EQ(row.entry.declares.state_size, 24) << flags;
    EXPECT_EQ(row.entry.declares.undetermined_reason, "") << flags;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tables, SlotValues,
    testing::Values(
        SlotCase{"", MultipleInterpreters::absent, GilUse::absent, ""},
        SlotCase{"{3, (void *)0},", MultipleInterpreters::not_supported, GilUse::absent, ""},
        SlotCase{"{3, (void *)1},", MultipleInterpreters::supported, GilUse::absent, ""},
        SlotCase{"{3, (void *)2},", MultipleInterpreters::per_interpreter_gil, GilUse::absent, ""},
        SlotCase{"{3, (void *)7},", MultipleInterpreters::supported, GilUse::absent, ""},
        SlotCase{"{4, (void *)1}, {3, (void *)2},", MultipleInterpreters::per_interpreter_gil, GilUse::not_used, ""},
        SlotCase{"{4, (void *)0},", MultipleInterpreters::absent, GilUse::used, ""},
        SlotCase{"{77, (void *)2},", MultipleInterpreters::absent, GilUse::absent, "uses unknown slot ID 77"},
        SlotCase{"{-1, (void *)2},", MultipleInterpreters::absent, GilUse::absent, "uses unknown slot ID -1"}));

TEST_F(CollectBinary, PackedRelocationsAreWhatTheirTestSaysTheyAre) {
  folder.build("_m.so", with_slots(""), "-O2 -Wl,-z,pack-relative-relocs");
  EXPECT_THAT(folder.read("_m.so"), testing::HasSubstr(".relr.dyn"));
}

TEST_F(CollectBinary, ADuplicateSlotIsWhatEveryInterpreterRejects) {
  const model::BinaryEntryPoint row = only_row(with_slots("{3, (void *)2}, {3, (void *)2},"));
  EXPECT_THAT(row.entry.declares.invalid, testing::HasSubstr("multiple interpreters"));
}

TEST_F(CollectBinary, ADefinitionWithoutSlotsIsMultiPhaseStill) {
  const auto row = only_row(
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0};\n"
      "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(row.entry.init, Init::multi_phase);
  EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::absent);
  EXPECT_TRUE(row.by_file_name);
}

TEST_F(CollectBinary, NegativeSizeIsRejectedByTheRuntimeAndSaidSo) {
  const auto row = only_row(
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, -1};\n"
      "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(row.entry.declares.invalid, "m_size may not be negative for multi-phase initialization");
}

TEST_F(CollectBinary, ThePartsOfADefinitionAreCounted) {
  const auto row = only_row(
      "static int run(PyObject *m) { return 0; }\n"
      "static PyObject *make(PyObject *s, PyModuleDef *d) { return 0; }\n"
      "static int t(PyObject *m, visitproc v, void *a) { return 0; }\n"
      "static void f(void *m) {}\n"
      "static PyModuleDef_Slot slots[] = {{Py_mod_create, make}, {Py_mod_exec, run}, {Py_mod_exec, run}, {0}};\n"
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"p._m\", \"doc\", 8, 0, slots, t, 0, f};\n"
      "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(row.entry.declares.exec_slots, 2u);
  EXPECT_TRUE(row.entry.declares.has_create);
  EXPECT_TRUE(row.entry.declares.has_traverse);
  EXPECT_FALSE(row.entry.declares.has_clear);
  EXPECT_TRUE(row.entry.declares.has_free);
}

TEST_F(CollectBinary, SinglePhaseIsSaidWithItsSize) {
  const auto row = only_row(
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, -1};\n"
      "PyMODINIT_FUNC PyInit__m(void) { PyObject *m = PyModule_Create(&def); if (!m) return 0;\n"
      "  if (PyModule_AddIntConstant(m, \"a\", 1)) { Py_DECREF(m); return 0; } return m; }\n");
  EXPECT_EQ(row.entry.init, Init::single_phase);
  EXPECT_EQ(row.entry.declares.state_size, -1);
  EXPECT_EQ(row.entry.declares.undetermined_reason, "");
}

// Boost.Python's macro hands the definition to its library, which creates the module: nothing of the API is imported.
TEST_F(CollectBinary, AModuleThatBoostPythonMakesIsSinglePhase) {
  const char* source =
      "// c++\n"
      "namespace boost::python::detail { PyObject* init_module(PyModuleDef&, void (*)()); }\n"
      "static void fill() {}\n"
      "extern \"C\" __attribute__((visibility(\"default\"))) PyObject* PyInit__m() {\n"
      "  static PyModuleDef_Base base = {PyObject_HEAD_INIT(NULL) 0, 0, 0};\n"
      "  static PyModuleDef def = {base, \"_m\", 0, -1, 0, 0, 0, 0, 0};\n"
      "  return boost::python::detail::init_module(def, fill);\n"
      "}\n";
  for (const char* flags : {"-O0", "-O2"}) {
    const model::BinaryEntryPoint row = only_row(source, flags);
    EXPECT_EQ(row.entry.init, Init::single_phase) << flags;
    EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::absent) << flags;
    EXPECT_EQ(row.entry.declares.undetermined_reason, "") << flags;
  }
}

TEST_F(CollectBinary, SlotsThatTheHookFillsAreReadFromItsCode) {
  const std::string source =
      "static int run(PyObject *m) { return 0; }\n"
      "static PyModuleDef_Slot slots[4];\n"
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n"
      "PyMODINIT_FUNC PyInit__m(void) {\n"
      "  slots[0].slot = Py_mod_exec; slots[0].value = run;\n"
      "  slots[1].slot = 3; slots[1].value = (void *)2;\n"
      "  return PyModuleDef_Init(&def); }\n";
  for (const char* flags : {"-O0", "-O1", "-O2", "-O3 -s"}) {
    const auto row = only_row(source, flags);
    EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil) << flags;
    EXPECT_EQ(row.entry.declares.exec_slots, 1u) << flags;
    EXPECT_EQ(row.entry.declares.undetermined_reason, "") << flags;
  }
}

TEST_F(CollectBinary, ADefinitionInAllocatedMemoryIsReadFromTheHooksCode) {
  const auto row = only_row(
      "#include <stdlib.h>\n"
      "static int run(PyObject *m) { return 0; }\n"
      "PyMODINIT_FUNC PyInit__m(void) {\n"
      "  PyModuleDef_Slot *s = calloc(3, sizeof *s); PyModuleDef *d = calloc(1, sizeof *d);\n"
      "  s[0].slot = Py_mod_exec; s[0].value = run; s[1].slot = 3; s[1].value = 0;\n"
      "  d->m_name = \"_m\"; d->m_slots = s; return PyModuleDef_Init(d); }\n");
  EXPECT_EQ(row.entry.init, Init::multi_phase);
  EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::not_supported);
}

TEST_F(CollectBinary, SlotsThatDependOnTheWorldAreLeftOpenWithTheReason) {
  const auto row = only_row(
      "static PyModuleDef_Slot slots[3];\n"
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n"
      "PyMODINIT_FUNC PyInit__m(void) {\n"
      "  slots[0].slot = 3; slots[0].value = PyDict_New() ? (void *)2 : (void *)0;\n"
      "  return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(row.entry.init, Init::multi_phase);
  EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
  EXPECT_NE(row.entry.declares.undetermined_reason, "");
}

TEST_F(CollectBinary, SlotsThatAnotherFunctionFillsAreNeverCalledEmpty) {
  const auto row = only_row(
      "#include <string.h>\n"
      "static PyModuleDef_Slot slots[3];\n"
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n"
      "extern void fill_slots(PyModuleDef_Slot *);\n"
      "PyMODINIT_FUNC PyInit__m(void) { fill_slots(slots); return PyModuleDef_Init(&def); }\n");
  EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
}

TEST_F(CollectBinary, EveryHookOfAFileHasItsOwnDefinition) {
  const std::string source =
      "static PyModuleDef_Slot two[] = {{3, (void *)2}, {0}}, zero[] = {{3, 0}, {0}};\n"
      "static PyModuleDef a = {PyModuleDef_HEAD_INIT, \"same\", 0, 0, 0, two};\n"
      "static PyModuleDef b = {PyModuleDef_HEAD_INIT, \"same\", 0, 0, 0, zero};\n"
      "static PyModuleDef c = {PyModuleDef_HEAD_INIT, \"c\", 0, -1};\n"
      "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&a); }\n"
      "PyMODINIT_FUNC PyInit_other(void) { return PyModuleDef_Init(&b); }\n"
      "PyMODINIT_FUNC PyInit_single(void) { return PyModule_Create(&c); }\n"
      "PyMODINIT_FUNC PyInitU_eckzbwbhc6jpgzcx415x(void) { return PyModuleDef_Init(&b); }\n"
      "PyMODINIT_FUNC PyModInit_decoy(void) { return PyModuleDef_Init(&b); }\n";
  const model::BinaryFacts facts = collect(folder.build(tests::tagged("_m"), source, "-O2 -s"));
  ASSERT_THAT(facts.entry_points, SizeIs(4));
  const auto& rows = facts.entry_points;
  EXPECT_EQ(rows[0].entry.symbol, "PyInitU_eckzbwbhc6jpgzcx415x");
  EXPECT_EQ(rows[0].entry.declares.multiple_interpreters, MultipleInterpreters::not_supported);
  EXPECT_EQ(rows[1].entry.symbol, "PyInit__m");
  EXPECT_EQ(rows[1].entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  EXPECT_TRUE(rows[1].by_file_name);
  EXPECT_EQ(rows[2].entry.declares.multiple_interpreters, MultipleInterpreters::not_supported);
  EXPECT_FALSE(rows[2].by_file_name);
  EXPECT_EQ(rows[3].entry.init, Init::single_phase);
}

TEST_F(CollectBinary, APlainNameHoldsForEveryVersionAndDiffersWhereTheyDo) {
  const model::BinaryFacts facts = collect(folder.build("_m.so", with_slots("{86, (void *)2},")));
  ASSERT_THAT(facts.entry_points, SizeIs(2));
  EXPECT_THAT(facts.entry_points[0].versions,
              ElementsAre(model::PythonVersion{3, 12}, model::PythonVersion{3, 13}, model::PythonVersion{3, 14}));
  EXPECT_EQ(facts.entry_points[0].entry.declares.invalid, "uses unknown slot ID 86");
  EXPECT_THAT(facts.entry_points[1].versions, ElementsAre(model::PythonVersion{3, 15}));
  EXPECT_EQ(facts.entry_points[1].entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
}

TEST_F(CollectBinary, ExportSlotsAreReadThroughNestedTables) {
  // PySlot: u16 id, u16 flags, u32 0, 8 bytes (3.15); written out so that any headers will do.
  const std::string source =
      "typedef struct { unsigned short id, flags; unsigned zero; void *value; } S;\n"
      "static char abi[16] = {1}; static int run(PyObject *m) { return 0; }\n"
      "static PyModuleDef_Slot old[] = {{3, (void *)2}, {0}};\n"
      "static S inner[] = {{94, 4, 0, old}, {85, 0, 0, run}, {0}};\n"
      "static S slots[] = {{109, 4, 0, abi}, {92, 4, 0, inner}, {102, 0, 0, (void *)48}, {999, 1, 0, 0}, {0}};\n"
      "__attribute__((visibility(\"default\"))) void *PyModExport__m(void) { return slots; }\n";
  const model::BinaryFacts facts = collect(folder.build("_m.cpython-315-x86_64-linux-gnu.so", source));
  ASSERT_THAT(facts.entry_points, SizeIs(1));
  const model::EntryPoint& entry = facts.entry_points[0].entry;
  EXPECT_EQ(entry.init, Init::export_slots);
  EXPECT_EQ(entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(entry.declares.state_size, 48);
  EXPECT_EQ(entry.declares.exec_slots, 1u);
  EXPECT_EQ(entry.declares.invalid, "");
}

TEST_F(CollectBinary, SlotsThatPointToThemselvesEnd) {
  const std::string source =
      "typedef struct { unsigned short id, flags; unsigned zero; void *value; } S;\n"
      "extern S slots[]; __attribute__((visibility(\"hidden\"))) S slots[] = {{92, 4, 0, slots}, {0}};\n"
      "__attribute__((visibility(\"default\"))) void *PyModExport__m(void) { return slots; }\n";
  const model::BinaryFacts facts = collect(folder.build("_m.cpython-315-x86_64-linux-gnu.so", source));
  ASSERT_THAT(facts.entry_points, SizeIs(1));
  EXPECT_EQ(facts.entry_points[0].entry.declares.invalid, "slots are nested too deeply");
}

TEST_F(CollectBinary, AHookThatBranchesBetweenDefinitionsIsLeftOpen) {
  const auto row = only_row(
      "static PyModuleDef_Slot two[] = {{3, (void *)2}, {0}}, zero[] = {{3, 0}, {0}};\n"
      "static PyModuleDef a = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, two};\n"
      "static PyModuleDef b = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, zero};\n"
      "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(getenv(\"A\") ? &a : &b); }\n");
  EXPECT_EQ(row.entry.init, Init::multi_phase);
  EXPECT_EQ(row.entry.declares.multiple_interpreters, MultipleInterpreters::undetermined);
}

TEST_F(CollectBinary, FactsOfTheFileItself) {
  const std::string path =
      folder.build(tests::tagged("_m"),
                   "#include <locale.h>\n"
                   "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0};\n"
                   "const char *guard = \"cannot load module more than once per process\";\n"
                   "const char *capsule = \"datetime.datetime_CAPI\";\n"
                   "const char *linked = \"cannot set current path\";\n"
                   "PyMODINIT_FUNC PyInit__m(void) { setlocale(LC_ALL, \"\"); return PyModuleDef_Init(&def); }\n");
  const model::BinaryFacts facts = collect(path);
  EXPECT_EQ(facts.arch, "x86_64");
  EXPECT_EQ(facts.module, "_m");
  EXPECT_EQ(facts.abi_tag, "cpython-3" + tests::header_version().substr(2));
  EXPECT_THAT(facts.sha256, SizeIs(64));
  EXPECT_THAT(facts.api_imports, ElementsAre("PyModuleDef_Init", "setlocale"));
  EXPECT_THAT(facts.guard_texts, ElementsAre("cannot load module more than once per process"));
  EXPECT_THAT(facts.linked_in, ElementsAre("libstdc++'s std::filesystem"));
  EXPECT_THAT(facts.capsule_names, ElementsAre("datetime.datetime_CAPI"));
  EXPECT_THAT(facts.libraries, Contains("libc.so.6"));
  EXPECT_EQ(facts.framework, model::Framework::none);
  EXPECT_EQ(collect(path), facts);
}

TEST_F(CollectBinary, ALibraryIsNoExtensionModule) {
  const BinaryResult result = collect_binary({folder.build("libplain.so", "int answer(void) { return 42; }"), "", ""});
  EXPECT_FALSE(result.facts.has_value());
  EXPECT_TRUE(result.not_an_extension);
  ASSERT_THAT(result.gaps, SizeIs(1));
  EXPECT_EQ(result.gaps[0].reason, "not an extension module: exports no PyInit_ or PyModExport_ hook");
}

TEST_F(CollectBinary, AFileWithoutSectionHeadersIsReadByItsSegments) {
  const std::string path = folder.build(tests::tagged("_m"), with_slots("{3, (void *)2},"));
  std::string bytes = folder.read(tests::tagged("_m"));
  for (const int offset : {0x28, 0x29, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3C, 0x3D, 0x3E, 0x3F}) bytes[offset] = 0;
  folder.write(tests::tagged("_m"), bytes);
  const model::BinaryFacts facts = collect(path);
  ASSERT_THAT(facts.entry_points, SizeIs(1));
  EXPECT_EQ(facts.entry_points[0].entry.declares.multiple_interpreters, MultipleInterpreters::per_interpreter_gil);
}

}  // namespace
}  // namespace isoaudit::analyzer
