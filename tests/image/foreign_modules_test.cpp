// The same module, built for each system and machine, declares the same: the formats differ, the answers do not.
#include <algorithm>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/image/image.h"
#include "tests/image/build_foreign.h"

namespace isoaudit::analyzer {
namespace {

using tests::ForeignFolder;

/// Passes its definition on through the linker's jump thunk or stub.
constexpr const char* through_a_thunk = R"(
void *PyModuleDef_Init(PyModuleDef *);
static int run(void *m) { return 0; }
static PyModuleDef_Slot slots[] = {{2, run}, {3, (void *)2}, {0, 0}};
static PyModuleDef def = {HEAD, "demo", 0, 24, 0, slots};
EXPORT void *PyInit_demo(void) { return PyModuleDef_Init(&def); }
)";

/// The same, through the table of imported addresses.
constexpr const char* through_the_table = R"(
IMPORT void *PyModuleDef_Init(PyModuleDef *);
static int run(void *m) { return 0; }
static PyModuleDef_Slot slots[] = {{2, run}, {3, (void *)2}, {0, 0}};
static PyModuleDef def = {HEAD, "demo", 0, 24, 0, slots};
EXPORT void *PyInit_demo(void) { return PyModuleDef_Init(&def); }
)";

/// Slots that only the code knows.
constexpr const char* filled_by_code = R"(
IMPORT void *PyModuleDef_Init(PyModuleDef *);
static int run(void *m) { return 0; }
static PyModuleDef_Slot slots[4];
static PyModuleDef def = {HEAD, "demo", 0, 24, 0, slots};
static int filled;
EXPORT void *PyInit_demo(void) {
  if (!filled) {
    slots[0].id = 2; slots[0].value = run;
    slots[1].id = 3; slots[1].value = (void *)2;
    filled = 1;
  }
  return PyModuleDef_Init(&def);
}
)";

/// Definition and slots on the heap, as Rust's `Box` makes them; AArch64 stores a null and a pointer at once, and reads
/// what it copies two vectors at a time.
constexpr const char* on_the_heap = R"(
IMPORT void *PyModuleDef_Init(PyModuleDef *);
void *malloc(unsigned long);
static int run(void *m) { return 0; }
static const PyModuleDef_Slot start[2] = {{2, run}, {3, (void *)2}};
__attribute__((noinline)) static void *box(unsigned long size) {
  void *block = malloc(size);
  if (!block) __builtin_trap();
  return block;
}
EXPORT void *PyInit_demo(void) {
  PyModuleDef_Slot *slots = box(48);
  slots[0] = start[0];
  slots[1] = start[1];
  slots[2].id = 0;
  slots[2].value = 0;
  PyModuleDef *def = box(sizeof *def);
  *def = (PyModuleDef){HEAD, "demo", 0, 24, 0, slots};
  PyModuleDef_Init(def);
  return def;
}
)";

constexpr const char* single_phase = R"(
IMPORT void *PyModule_Create2(PyModuleDef *, int);
static PyModuleDef def = {HEAD, "demo", 0, -1};
EXPORT void *PyInit_demo(void) { return PyModule_Create2(&def, 1013); }
)";

model::BinaryEntryPoint only_hook(const model::BinaryFacts& facts) {
  EXPECT_EQ(facts.entry_points.size(), 1u);
  return facts.entry_points.empty() ? model::BinaryEntryPoint{} : facts.entry_points.front();
}

model::BinaryFacts read(const std::string& path) {
  BinaryResult result = collect_binary({path, "", ""});
  for (const model::Gap& gap : result.gaps) ADD_FAILURE() << gap.input << ": " << gap.reason;
  EXPECT_TRUE(result.facts);
  return result.facts.value_or(model::BinaryFacts{});
}

void expect_own_gil(const model::BinaryFacts& facts, const std::vector<std::string>& imports = {"PyModuleDef_Init"}) {
  const model::BinaryEntryPoint hook = only_hook(facts);
  EXPECT_EQ(hook.entry.symbol, "PyInit_demo");
  EXPECT_EQ(hook.entry.init, model::Init::multi_phase);
  EXPECT_EQ(hook.entry.declares.undetermined_reason, "");
  EXPECT_EQ(hook.entry.declares.multiple_interpreters, model::MultipleInterpreters::per_interpreter_gil);
  EXPECT_EQ(hook.entry.declares.state_size, 24);
  EXPECT_EQ(hook.entry.declares.exec_slots, 1u);
  EXPECT_EQ(facts.api_imports, imports);
}

class WindowsModule : public testing::TestWithParam<const char*> {};

TEST_P(WindowsModule, DeclaresTheSameThroughThunkTableAndCode) {
  const ForeignFolder folder;
  for (const char* source : {through_a_thunk, through_the_table, filled_by_code}) {
    const model::BinaryFacts facts = read(folder.build_windows("demo.cp314-win.pyd", source, GetParam()));
    EXPECT_EQ(facts.format, model::BinaryFormat::pe);
    EXPECT_EQ(facts.libraries, std::vector<std::string>{"python314.dll"});
    expect_own_gil(facts);
  }
}

TEST_P(WindowsModule, IsSinglePhase) {
  const ForeignFolder folder;
  const model::BinaryFacts facts = read(folder.build_windows("demo.cp314-win.pyd", single_phase, GetParam()));
  EXPECT_EQ(only_hook(facts).entry.init, model::Init::single_phase);
  EXPECT_EQ(only_hook(facts).entry.declares.state_size, -1);
}

INSTANTIATE_TEST_SUITE_P(Machines, WindowsModule, testing::Values("x86_64", "aarch64"));

struct MacTarget {
  const char* machine;
  bool chained;
};

class MacModule : public testing::TestWithParam<MacTarget> {
 protected:
  std::string build(const ForeignFolder& folder, const char* source) const {
    return folder.build_macos("demo.cpython-314-darwin.so", source, GetParam().machine, GetParam().chained);
  }
};

TEST_P(MacModule, DeclaresTheSameThroughStubAndCode) {
  const ForeignFolder folder;
  for (const char* source : {through_a_thunk, filled_by_code}) {
    const model::BinaryFacts facts = read(build(folder, source));
    EXPECT_EQ(facts.format, model::BinaryFormat::macho);
    EXPECT_EQ(facts.arch, GetParam().machine);
    expect_own_gil(facts);
  }
}

TEST_P(MacModule, MakesItsDefinitionOnTheHeap) {
  const ForeignFolder folder;
  expect_own_gil(read(build(folder, on_the_heap)), {"PyModuleDef_Init", "malloc"});
}

TEST_P(MacModule, IsSinglePhase) {
  const ForeignFolder folder;
  EXPECT_EQ(only_hook(read(build(folder, single_phase))).entry.init, model::Init::single_phase);
}

TEST_P(MacModule, HasPointersBothIntoItselfAndElsewhere) {
  const ForeignFolder folder;
  const std::string path = build(folder, R"(
extern int PyBaseObject_Type;
static int here;
EXPORT void *table[] = {&here, &PyBaseObject_Type, 0};
EXPORT int *look(void) { return &here; }
)");
  const ImageResult read = read_image(map_file(path).file);
  ASSERT_TRUE(read.image) << read.error;
  const auto table = std::ranges::find(read.image->symbols, "table", &Symbol::name);
  ASSERT_NE(table, read.image->symbols.end());
  const Pointer here = read.image->pointer_at(table->address), there = read.image->pointer_at(table->address + 8);
  EXPECT_EQ(here.kind, Pointer::Kind::address);
  EXPECT_EQ(read.image->section_at(here.value)->kind, model::SectionClass::zero);
  EXPECT_EQ(there.kind, Pointer::Kind::import);
  EXPECT_EQ(there.name, "PyBaseObject_Type");
  EXPECT_TRUE(read.image->pointer_at(table->address + 16).is_null());
  EXPECT_TRUE(read.image->imports_symbol("PyBaseObject_Type"));
  EXPECT_EQ(read.image->symbol_at(here.value)->name, "here");
}

INSTANTIATE_TEST_SUITE_P(Encodings, MacModule,
                         testing::Values(MacTarget{"arm64", true}, MacTarget{"arm64", false}, MacTarget{"x86_64", true},
                                         MacTarget{"x86_64", false}));

TEST(UniversalFile, IsAModuleForEachMachine) {
  const ForeignFolder folder;
  const std::string arm = folder.build_macos("arm.so", through_a_thunk, "arm64");
  const std::string intel = folder.build_macos("intel.so", single_phase, "x86_64");
  const BinaryResult result = collect_binary({folder.join_slices("demo.cpython-314-darwin.so", intel, arm), "", ""});
  ASSERT_TRUE(result.facts);
  ASSERT_EQ(result.other_slices.size(), 1u);
  const auto& first = *result.facts;
  const auto& second = result.other_slices.front();
  EXPECT_EQ(first.arch, "x86_64");
  EXPECT_EQ(only_hook(first).entry.init, model::Init::single_phase);
  EXPECT_EQ(second.arch, "arm64");
  EXPECT_EQ(only_hook(second).entry.init, model::Init::multi_phase);
  EXPECT_EQ(first.path, second.path);
  EXPECT_EQ(first.sha256, second.sha256);
}

TEST(UniversalFile, SaysWhichSliceCouldNotBeRead) {
  const ForeignFolder folder;
  const std::string arm = folder.build_macos("arm.so", through_a_thunk, "arm64");
  const std::string intel = folder.build_macos("intel.so", single_phase, "x86_64");
  folder.join_slices("demo.so", intel, arm);
  std::string bytes = folder.read("demo.so");
  const std::string magic = "\xCF\xFA\xED\xFE";
  bytes[bytes.find(magic, bytes.find(magic) + 1)] = 'X';
  const BinaryResult result = collect_binary({folder.write("demo.so", bytes), "", ""});
  ASSERT_TRUE(result.facts);
  EXPECT_TRUE(result.other_slices.empty());
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps.front().reason, "its slice for arm64 is damaged: no Mach-O file begins there");
}

TEST(WindowsImage, HasPointersImportsAndZeros) {
  const ForeignFolder folder;
  const std::string source = R"(
IMPORT extern int PyExc_ValueError;
static int here, filled = 7, zeros[64];
EXPORT void *table[] = {&here, &filled, 0};
EXPORT int *look(int i) { return i ? &PyExc_ValueError : &zeros[i]; }
)";
  for (const auto& [machine, width] : {std::pair("x86_64", 8u), std::pair("aarch64", 8u), std::pair("i686", 4u)}) {
    const ImageResult read = read_image(map_file(folder.build_windows("demo.pyd", source, machine)).file);
    ASSERT_TRUE(read.image) << read.error;
    EXPECT_EQ(read.image->pointer_size, width);
    const auto table = std::ranges::find(read.image->symbols, "table", &Symbol::name);
    ASSERT_NE(table, read.image->symbols.end());
    EXPECT_EQ(table->kind, Symbol::Kind::object);
    const Pointer here = read.image->pointer_at(table->address);
    const Pointer filled = read.image->pointer_at(table->address + width);
    ASSERT_EQ(here.kind, Pointer::Kind::address);
    EXPECT_EQ(read.image->section_at(here.value)->kind, model::SectionClass::zero);
    EXPECT_EQ(read.image->section_at(here.value)->name, ".bss");
    EXPECT_EQ(read.image->number_at(filled.value, 4), 7u);
    EXPECT_TRUE(read.image->pointer_at(table->address + 2 * width).is_null());
    EXPECT_EQ(read.image->imports, std::vector<std::string>{"PyExc_ValueError"});
    const auto slot = std::ranges::find_if(read.image->relocations, [](const Relocation& r) { return r.name != 0; });
    ASSERT_NE(slot, read.image->relocations.end());
    EXPECT_EQ(read.image->pointer_at(slot->at).name, "PyExc_ValueError");
  }
}

/// A table of slots, a negative m_size, a static type of 3.14 in 32 bits and an instance of it.
constexpr const char* narrow = R"(
IMPORT void *PyModuleDef_Init(PyModuleDef *);
typedef struct { Py_ssize_t refcnt; void *type; Py_ssize_t n; const char *name; Py_ssize_t basic, item; void *more[17]; long flags; void *rest[30]; } Type;
static int run(void *m) { return 0; }
static PyModuleDef_Slot slots[] = {{2, run}, {3, (void *)1}, {4, (void *)1}, {0, 0}};
static PyModuleDef def = {HEAD, "demo", 0, 24, 0, slots, run};
EXPORT Type kind = {0x70000000, 0, 0, "demo.Kind", 16, 0};
EXPORT struct { Py_ssize_t refcnt; void *type; } one = {0x70000000, &kind};
EXPORT void *PyInit_demo(void) { return PyModuleDef_Init(&def); }
)";

void expect_narrow(const model::BinaryFacts& facts) {
  const model::Declaration declares = only_hook(facts).entry.declares;
  EXPECT_EQ(declares.multiple_interpreters, model::MultipleInterpreters::supported) << declares.undetermined_reason;
  EXPECT_EQ(declares.gil, model::GilUse::not_used);
  EXPECT_EQ(declares.exec_slots, 1);
  EXPECT_EQ(declares.state_size, 24);
  EXPECT_TRUE(declares.has_traverse);
  EXPECT_FALSE(declares.has_clear);
  const auto count = [&](model::StaticObject::Kind kind) {
    return std::ranges::count_if(facts.static_objects, [&](const model::StaticObject& object) {
      return object.kind == kind && object.type_name == "demo.Kind";
    });
  };
  EXPECT_EQ(count(model::StaticObject::Kind::type), 1);
  EXPECT_EQ(count(model::StaticObject::Kind::instance), 1);
}

TEST(NarrowModule, IsDecodedWithItsOwnLayout) {
  const ForeignFolder folder;
  expect_narrow(read(folder.build_windows("demo.cp314-win32.pyd", narrow, "i686")));
  expect_narrow(read(folder.build_linux_32("demo.cpython-314-i386-linux-gnu.so", narrow)));
}

TEST(NarrowModule, OfOnePhaseHasASignedStateSize) {
  const ForeignFolder folder;
  const model::BinaryEntryPoint hook =
      only_hook(read(folder.build_windows("demo.cp314-win32.pyd", single_phase, "i686")));
  EXPECT_EQ(hook.entry.init, model::Init::single_phase);
  EXPECT_EQ(hook.entry.declares.state_size, -1);
}

TEST(NarrowModule, FilledAtRunTimeStaysOpenAndSaysWhy) {
  const ForeignFolder folder;
  const model::BinaryFacts facts = read(folder.build_linux_32("demo.cpython-314-i386-linux-gnu.so", filled_by_code));
  const model::Declaration declares = only_hook(facts).entry.declares;
  EXPECT_EQ(declares.multiple_interpreters, model::MultipleInterpreters::undetermined);
  EXPECT_EQ(declares.undetermined_reason,
            "runtime-filled: m_slots points to zero-initialised memory, which the hook may fill; its code is not read: "
            "no disassembler for this machine is built in");
}

TEST(WindowsModule, ImportsLaterThanItIsLoaded) {
  const ForeignFolder folder;
  const std::string source =
      std::string(through_the_table) + "void *__delayLoadHelper2(void *a, void *b) { return 0; }\n";
  const model::BinaryFacts facts =
      read(folder.build_windows("demo.cp314-win_amd64.pyd", source, "x86_64", "/delayload:python314.dll"));
  EXPECT_EQ(facts.libraries, std::vector<std::string>{"python314.dll"});
  expect_own_gil(facts);
}

}  // namespace
}  // namespace isoaudit::analyzer
