#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/binary/collect_binary.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

using model::StaticObject;

constexpr const char* source =
    "typedef struct { PyObject_HEAD int n; } Foo;\n"
    "static PyTypeObject Foo_Type = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"demo.Foo\", .tp_basicsize = "
    "sizeof(Foo)};\n"
    "static PyTypeObject Bar_Type = {PyVarObject_HEAD_INIT(&PyType_Type, 0) .tp_name = \"demo.Bar\",\n"
    "  .tp_basicsize = sizeof(Foo), .tp_flags = Py_TPFLAGS_DEFAULT, .tp_base = &Foo_Type};\n"
    "static Foo shared_foo = {PyObject_HEAD_INIT(&Foo_Type) 7};\n"
    "static PyObject *cache; static int counter = 3; static const int limit = 5; static __thread long per_thread;\n"
    "static __thread double started = 1;\n"
    "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"demo\", 0, 0};\n"
    "void *use(void) { ++counter; per_thread += ++started; cache = (PyObject *)&shared_foo; return &Bar_Type + limit; "
    "}\n"
    "static PyTypeObject Bare_Type = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"Bare\"};\n"
    "PyObject *get(void) { return cache; } void *bare(void) { return &Bare_Type; }\n"
    "PyMODINIT_FUNC PyInit_demo(void) { return PyModuleDef_Init(&def); }\n";

class Holdings : public testing::Test {
 protected:
  std::vector<StaticObject> find(const std::string& flags) {
    BinaryInput input;
    input.path = folder.build(tests::tagged("demo"), source, flags);
    // Debug information is read where code is.
    input.reads_code = [](const model::BinaryFacts&) { return true; };
    const BinaryResult result = collect_binary(input);
    return result.facts ? result.facts->static_objects : std::vector<StaticObject>{};
  }
  static const StaticObject* named(const std::vector<StaticObject>& objects, const std::string& symbol) {
    for (const StaticObject& object : objects) {
      if (object.symbol == symbol) return &object;
    }
    return nullptr;
  }

  tests::ModuleFolder folder;
};

TEST_F(Holdings, AreNamedBySymbolsWithTheirUnitWhereTheFileHasThem) {
  const std::vector<StaticObject> objects = find("-O1");
  const StaticObject* foo = named(objects, "Foo_Type");
  ASSERT_NE(foo, nullptr);
  EXPECT_EQ(foo->kind, StaticObject::Kind::type);
  EXPECT_EQ(foo->type_name, "demo.Foo");
  EXPECT_EQ(foo->section, ".data");
  EXPECT_EQ(foo->unit, tests::tagged("demo") + ".c");
  const StaticObject* bare = named(objects, "Bare_Type");
  ASSERT_NE(bare, nullptr);
  EXPECT_EQ(bare->kind, StaticObject::Kind::type);
  const StaticObject* instance = named(objects, "shared_foo");
  ASSERT_NE(instance, nullptr);
  EXPECT_EQ(instance->kind, StaticObject::Kind::instance);
  EXPECT_EQ(instance->type_name, "demo.Foo");
  const StaticObject* cache = named(objects, "cache");
  ASSERT_NE(cache, nullptr);
  EXPECT_EQ(cache->kind, StaticObject::Kind::variable);
  EXPECT_EQ(cache->section, ".bss");
  EXPECT_EQ(cache->size, 8u);
  ASSERT_NE(named(objects, "counter"), nullptr);
  const StaticObject* local = named(objects, "per_thread");
  ASSERT_NE(local, nullptr);
  EXPECT_EQ(local->section, ".tbss");
  EXPECT_EQ(named(objects, "limit"), nullptr);
  EXPECT_EQ(named(objects, "completed.0"), nullptr);
}

TEST_F(Holdings, StaticTypesAndInstancesAreFoundInStrippedFiles) {
  const std::vector<StaticObject> objects = find("-O1 -s");
  ASSERT_EQ(objects.size(), 3u);
  EXPECT_EQ(objects[0].type_name, "demo.Bar");
  EXPECT_EQ(objects[1].type_name, "demo.Foo");
  EXPECT_EQ(objects[2].kind, StaticObject::Kind::instance);
  EXPECT_EQ(objects[2].type_name, "demo.Foo");
}

/// {Py_mod_create, f}, {Py_mod_exec, g}: a count of references, a type, a size and a name.
TEST_F(Holdings, ATableOfSlotsIsNoType) {
  BinaryInput input;
  input.path = folder.build(
      "demo.abi3.so",
      "static PyObject *create(PyObject *spec, PyModuleDef *def) { return NULL; }\n"
      "__asm__(\".text\\nexecute: .ascii \\\"AWAV\\\"\\n.byte 0\\n\");\n"
      "extern int execute(PyObject *) __attribute__((visibility(\"hidden\")));\n"
      "PyModuleDef_Slot slots[] = {{Py_mod_create, (void *)create}, {Py_mod_exec, (void *)execute}, {0, NULL}};\n"
      "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"demo\", 0, 0, 0, slots};\n"
      "PyMODINIT_FUNC PyInit_demo(void) { return PyModuleDef_Init(&def); }\n",
      "-O1");
  const BinaryResult result = collect_binary(input);
  ASSERT_TRUE(result.facts);
  for (const StaticObject& object : result.facts->static_objects) {
    EXPECT_EQ(object.kind, StaticObject::Kind::variable) << object.symbol << " " << object.type_name;
  }
}

TEST_F(Holdings, VariablesAreDeclaredAsTheDebugInformationSays) {
  for (const char* flags : {"-O1 -g -gdwarf-4", "-O1 -g -gdwarf-5"}) {
    const std::vector<StaticObject> objects = find(flags);
    const StaticObject* cache = named(objects, "cache");
    ASSERT_NE(cache, nullptr) << flags;
    EXPECT_EQ(cache->declared_type, "PyObject *") << flags;
    EXPECT_THAT(cache->declared_file, testing::HasSubstr(tests::tagged("demo") + ".c")) << flags;
    // The test writes one line in front of the source.
    EXPECT_EQ(cache->declared_line, 7U) << flags;
    const StaticObject* foo = named(objects, "Foo_Type");
    ASSERT_NE(foo, nullptr) << flags;
    EXPECT_EQ(foo->declared_type, "PyTypeObject") << flags;
    EXPECT_EQ(foo->declared_line, 3U) << flags;
    const StaticObject* per_thread = named(objects, "per_thread");
    ASSERT_NE(per_thread, nullptr) << flags;
    EXPECT_EQ(per_thread->declared_type, "long int") << flags;
    // It has an initialiser, so it lies in the other section of thread-local memory, before that one.
    ASSERT_NE(named(objects, "started"), nullptr) << flags;
    EXPECT_EQ(named(objects, "started")->declared_type, "double") << flags;
  }
  EXPECT_EQ(named(find("-O1"), "cache")->declared_type, "");
}

}  // namespace
}  // namespace isoaudit::analyzer
