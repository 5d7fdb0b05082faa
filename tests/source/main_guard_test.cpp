// Which writes only the main interpreter makes, as far as the function around them shows. A guard that is none would
// hide a race.
#include <fmt/format.h>

#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

struct Row {
  const char* body;  ///< of a function that writes `cache`, which its row has for itself
  bool is_guarded;
};

void expect(const std::string& file, const std::vector<Row>& rows) {
  std::string source =
      "static PyInterpreterState *owner;\nvoid change(int *flag);\n"
      "void keep(PyInterpreterState *interp) { owner = interp; }\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    source += fmt::format(
        "static int cache_{0};\n#define cache cache_{0}\n"
        "void f_{0}(PyInterpreterState *interp, PyThreadState *tstate, int x) {{\n{1}\n}}\n#undef cache\n",
        i, rows[i].body);
  }
  const auto facts = facts_of(source, file);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& writes = variable(facts, fmt::format("cache_{}", i)).writes;
    ASSERT_EQ(writes.size(), 1U) << rows[i].body;
    EXPECT_EQ(writes[0].guard, rows[i].is_guarded ? "main interpreter only" : "") << file << ": " << rows[i].body;
  }
}

void expect(const std::vector<Row>& rows) {
  for (const char* file : {"demo.c", "demo.cpp"}) expect(file, rows);
}

TEST(MainGuard, TheMainInterpreterMayBeKeptInALocal) {
  expect({
      {"PyInterpreterState *main = PyInterpreterState_Main();\n"
       "if (PyInterpreterState_Get() == main) { cache = x; }",
       true},
      {"PyInterpreterState *main = PyInterpreterState_Main(), *now = PyInterpreterState_Get();\n"
       "if (now != main) return;\ncache = x;",
       true},
      {"PyInterpreterState *const main = PyInterpreterState_Main();\n"
       "int is_main = main == PyInterpreterState_Get();\nif (x && is_main) cache = x;",
       true},
      {"PyInterpreterState *now = PyThreadState_GetInterpreter(tstate);\n"
       "if (now == PyInterpreterState_Main()) cache = x;",
       true},
      {"PyInterpreterState *main = PyInterpreterState_Main();\n"
       "if (PyInterpreterState_Get() != main) { cache = x; }",
       false},
  });
}

TEST(MainGuard, ALocalThatChangesSaysNothing) {
  expect({
      {"PyInterpreterState *main = PyInterpreterState_Main();\n"
       "main = PyInterpreterState_Next(main);\nif (PyInterpreterState_Get() == main) cache = x;",
       false},
      {"PyInterpreterState *main = PyInterpreterState_Main();\nPyInterpreterState **at = &main;\n"
       "*at = interp;\nif (PyInterpreterState_Get() == main) cache = x;",
       false},
      {"PyInterpreterState *now = PyInterpreterState_Get();\nnow = PyInterpreterState_Main();\n"
       "if (now == PyInterpreterState_Main()) cache = x;",
       false},
      {"int is_main = PyInterpreterState_Get() == PyInterpreterState_Main();\n"
       "if (x) is_main = 1;\nif (is_main) cache = x;",
       false},
      {"int is_main = PyInterpreterState_Get() == PyInterpreterState_Main();\n"
       "is_main++;\nif (is_main) cache = x;",
       false},
      {"int is_main = PyInterpreterState_Get() == PyInterpreterState_Main();\n"
       "change(&is_main);\nif (is_main) cache = x;",
       false},
      {"interp = PyInterpreterState_Main();\nif (interp == PyInterpreterState_Main()) cache = x;", false},
  });
  expect("demo.cpp", {
                         {"bool is_main = PyInterpreterState_Get() == PyInterpreterState_Main();\n"
                          "[&] { is_main = true; }();\nif (is_main) cache = x;",
                          false},
                         {"bool is_main = PyInterpreterState_Get() == PyInterpreterState_Main();\n"
                          "bool &other = is_main; other = true;\nif (is_main) cache = x;",
                          false},
                     });
}

TEST(MainGuard, WhatIsComparedHasToBeTheInterpreterThatRuns) {
  expect({
      {"if (interp == PyInterpreterState_Main()) cache = x;", true},
      {"if (owner == PyInterpreterState_Main()) cache = x;", false},
      {"if (PyInterpreterState_Main() == PyInterpreterState_Main()) cache = x;", false},
      {"PyInterpreterState *main = PyInterpreterState_Main();\nif (main == PyInterpreterState_Main()) cache = x;",
       false},
      {"for (PyInterpreterState *i = PyInterpreterState_Head(); i; i = PyInterpreterState_Next(i))\n"
       "if (i == PyInterpreterState_Main()) cache = x;",
       false},
      {"if (PyInterpreterState_Head() == PyInterpreterState_Main()) cache = x;", false},
      {"if (PyInterpreterState_Main() == NULL) return;\ncache = x;", false},
  });
}

}  // namespace
}  // namespace isoaudit::tests
