// The line of each store, from a module's own debug information.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "analyzer/binary/collect_binary.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;

// #include <Python.h> is line 1.
constexpr const char* source =
    "static PyObject *cache;\n"
    "static volatile int count;\n"
    "static char buffer[64];\n"
    "static inline void note(int by) {\n"
    "  count += by; }\n"
    "PyObject *get(PyObject *self, PyObject *args) {\n"
    "  note(1);\n"
    "  cache = PyDict_New();\n"
    "  PyOS_snprintf(buffer, sizeof buffer, \"x\"); memset(buffer, 0, sizeof buffer);\n"
    "  note(2);\n"
    "  return cache; }\n"
    "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0};\n"
    "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n";

class DebugLines : public testing::Test {
 protected:
  model::CodeFacts read(const std::string& path) const {
    BinaryInput input{.path = path};
    input.reads_code = [](const model::BinaryFacts&) { return true; };
    const BinaryResult result = collect_binary(input);
    EXPECT_TRUE(result.facts.has_value());
    return result.facts ? result.facts->code : model::CodeFacts{};
  }

  static std::set<unsigned> lines_of(const model::CodeFacts& facts, const std::string& variable) {
    std::set<unsigned> lines;
    for (const model::CodeWrite& write : facts.writes) {
      if (write.symbol == variable) lines.insert(write.where.line);
    }
    return lines;
  }

  tests::ModuleFolder folder;
};

TEST_F(DebugLines, OfEachStore) {
  for (const char* flags : {"-g -O0", "-g -O2", "-gdwarf-4 -O2", "-g1 -O2"}) {
    const model::CodeFacts facts = read(folder.build("_m.so", source, flags));
    EXPECT_THAT(lines_of(facts, "count"), ElementsAre(6)) << flags;
    EXPECT_THAT(lines_of(facts, "cache"), ElementsAre(9)) << flags;
    EXPECT_THAT(lines_of(facts, "buffer"), testing::Each(10)) << flags;
    for (const model::CodeWrite& write : facts.writes) {
      EXPECT_THAT(write.where.file, testing::EndsWith("_m.so.c")) << flags;
    }
  }
}

TEST_F(DebugLines, OfAFileBelowTheFolderWhereTheCompilerRan) {
  folder.write("_r.c", std::string("#include <Python.h>\n") + source);
  const std::string command = "cd '" + folder.path("") + "' && " + ISOAUDIT_CC + " -shared -fPIC -g -w -I'" +
                              ISOAUDIT_PYTHON_INCLUDE + "' ./_r.c -o _r.so";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const model::CodeFacts facts = read(folder.path("_r.so"));
  ASSERT_FALSE(facts.writes.empty());
  for (const model::CodeWrite& write : facts.writes) EXPECT_EQ(write.where.file, "_r.c");
}

TEST_F(DebugLines, AreNoneWithoutDebugInformation) {
  for (const char* flags : {"-O2", "-g -O2 -s"}) {
    for (const model::CodeWrite& write : read(folder.build("_m.so", source, flags)).writes) {
      EXPECT_EQ(write.where, model::Location{}) << flags;
    }
  }
}

}  // namespace
}  // namespace isoaudit::analyzer
