// A wrong hit is the worst that can happen: whatever facts hang on, a change of it is seen.
#include <stdlib.h>

#include <chrono>

#include "tests/source/facts_cache_scan.h"

namespace isoaudit::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(Cache, UnchangedUnitsAreNotParsedAgain) {
  project.write("h.h", "int shared;\n");
  project.unit("a.c", "#include \"h.h\"\n#include <Python.h>\nstatic PyObject *a; void f(PyObject *o) { a = o; }\n");
  project.unit("b.c", "#include \"h.h\"\n#include <Python.h>\nint b; void g(void) { shared = b; }\n");
  project.unit("c.cpp", "int c = nonsense;\n");
  EXPECT_EQ(hits(), 0u);
  EXPECT_EQ(hits(), 3u);
  std::vector<std::size_t> told;
  scan({.progress = [&](std::size_t done, std::size_t) { told.push_back(done); }});
  EXPECT_THAT(told, Not(IsEmpty()));
}

TEST_F(Cache, WhatUnitsBeganTogetherIsKeptOnce) {
  project.write("h.h", "int shared;\n");
  for (const char* name : {"a.c", "b.c", "c.c"}) {
    project.unit(name, "#include \"h.h\"\nint " + std::string(1, name[0]) + ";\n", "-Wall");
  }
  hits();
  // What the command alone asks for, and the header: were the units parsed apart, each would have its own.
  EXPECT_EQ(entries(".lookups").size(), 2u);
  EXPECT_EQ(hits(), 3u);
  project.write("h.h", "int other;\n");
  EXPECT_EQ(hits(), 0u);
}

TEST_F(Cache, TouchedFilesAreUnchanged) {
  project.write("h.h", "int shared;\n");
  project.unit("a.c", "#include \"h.h\"\n");
  hits();
  for (const char* name : {"a.c", "h.h"}) {
    fs::last_write_time(project.root() + "/" + name, fs::file_time_type::clock::now() + std::chrono::hours(3));
  }
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, AChangeOfTheUnit) {
  project.unit("a.c", "int one;\n");
  project.unit("b.c", "int other;\n");
  hits();
  const fs::file_time_type when = fs::last_write_time(project.root() + "/a.c");
  project.write("a.c", "int two;\n");
  fs::last_write_time(project.root() + "/a.c", when);  // neither the time nor the size says so
  EXPECT_EQ(hits(), 1u);
  EXPECT_EQ(hits(), 2u);
}

TEST_F(Cache, AHeaderThreeLevelsDown) {
  project.write("include/one.h", "#include \"two.h\"\n");
  project.write("include/two.h", "#include <three.h>\n");
  project.write("include/three.h", "#define KIND static\n");
  project.unit("a.c", "#include \"one.h\"\nKIND int a;\n", "-Iinclude");
  project.unit("b.c", "#include \"one.h\"\nKIND int b;\n", "-Iinclude");
  project.unit("c.c", "int c;\n", "-Iinclude");
  hits();
  EXPECT_EQ(hits(), 3u);
  project.write("include/three.h", "#define KIND extern\n");
  EXPECT_EQ(hits(), 1u);
  EXPECT_EQ(hits(), 3u);
  fs::remove(project.root() + "/include/three.h");
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, AMacroOnTheCommandLine) {
  for (const char* flags : {"-DN=one", "-DN=two", "-DN=one -UN"}) {
    ScratchProject again;
    again.write("a.c", "int N;\n");
    fs::copy_file(again.root() + "/a.c", project.root() + "/a.c", fs::copy_options::overwrite_existing);
    project.write("compile_commands.json", R"([{"directory": ")" + project.root() +
                                               R"(", "file": "a.c", "command": "cc )" + flags + R"( -c a.c"}])");
    EXPECT_EQ(hits(), 0u) << flags;
    EXPECT_EQ(hits(), 1u) << flags;
  }
}

TEST_F(Cache, AnotherPython) {
  project.write("py1/Python.h", "#define PY_VERSION 1\nint of_one;\n");
  project.write("py2/Python.h", "#define PY_VERSION 2\nint of_two;\n");
  project.unit("a.c", "#include <Python.h>\nint a = PY_VERSION;\n");
  const analyzer::SourceOptions one{.python_include = project.root() + "/py1"};
  const analyzer::SourceOptions two{.python_include = project.root() + "/py2"};
  EXPECT_EQ(hits(one), 0u);
  EXPECT_EQ(hits(two), 0u);
  EXPECT_EQ(hits(one), 1u);
  EXPECT_EQ(hits(two), 1u);
  project.write("py2/Python.h", "#define PY_VERSION 3\nint of_three;\n");
  EXPECT_EQ(hits(one), 1u);
  EXPECT_EQ(hits(two), 0u);
}

TEST_F(Cache, AnotherPythonInPlaceOfTheCommands) {
  for (const std::string minor : {"13", "14"}) {
    project.write("py" + minor + "/Python.h", "#define NAME of_" + minor + "\n");
    project.write("py" + minor + "/pyconfig.h", "");
    project.write("py" + minor + "/patchlevel.h",
                  "#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION " + minor + "\n");
  }
  project.unit("a.c", "#include <Python.h>\nint NAME;\n", "-Ipy13");
  analyzer::SourceOptions options{.python_include = project.root() + "/py14"};
  EXPECT_EQ(hits(options), 0u);
  EXPECT_THAT(names(scan(options).facts), ElementsAre("of_13"));
  options.only_that_python = true;
  EXPECT_EQ(hits(options), 0u);
  EXPECT_THAT(names(scan(options).facts), ElementsAre("of_14"));
  EXPECT_EQ(hits(options), 1u);
  // What the command's own Python is called decides whose headers are read.
  project.write("py13/patchlevel.h", "#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION 14\n");
  EXPECT_EQ(hits(options), 0u);
  EXPECT_THAT(names(scan(options).facts), ElementsAre("of_13"));
}

TEST_F(Cache, AHeaderThatAppearsEarlierInThePath) {
  project.write("late/h.h", "int late;\n");
  project.write("first/other.h", "");
  project.unit("src/a.c", "#include \"h.h\"\n", "-Ifirst -Igone -Ilate");
  hits();
  EXPECT_EQ(hits(), 1u);
  project.write("first/other2.h", "");
  EXPECT_EQ(hits(), 1u);
  project.write("gone/h.h", "int from_a_new_folder;\n");
  EXPECT_EQ(hits(), 0u);
  project.write("first/h.h", "int first;\n");
  EXPECT_EQ(hits(), 0u);
  project.write("src/h.h", "int beside;\n");
  EXPECT_EQ(hits(), 0u);
  EXPECT_THAT(names(scan().facts), ElementsAre("beside"));
}

TEST_F(Cache, AHeaderThatAppearsBesideAUnitThatSharedItsBeginning) {
  project.write("common/h.h", "int common;\n");
  project.unit("x/a.c", "#include \"h.h\"\nint a;\n", "-Icommon");
  project.unit("y/b.c", "#include \"h.h\"\nint b;\n", "-Icommon");
  hits();
  project.write("y/h.h", "int beside;\n");
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, WhatHasIncludeAsksFor) {
  project.unit("a.c", "#if __has_include(\"maybe.h\")\nint with;\n#else\nint without;\n#endif\n");
  hits();
  EXPECT_EQ(hits(), 1u);
  project.write("maybe.h", "");
  EXPECT_EQ(hits(), 0u);
  EXPECT_THAT(names(scan().facts), ElementsAre("with"));
}

TEST_F(Cache, AMissingHeaderThatIsThereNow) {
  project.unit("a.c", "#include \"h.h\"\n");
  EXPECT_EQ(scan().gaps.size(), 1u);
  EXPECT_EQ(hits(), 1u);
  project.write("h.h", "int here;\n");
  const auto result = scan();
  EXPECT_EQ(result.cached_units, 0u);
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST_F(Cache, AWorkingFolderThatIsThereNow) {
  project.write("a.c", "int a;\n");
  project.command(project.root() + "/a.c", "cc -c a.c", project.root() + "/later");
  EXPECT_EQ(scan().gaps.size(), 1u);
  fs::create_directory(project.root() + "/later");
  EXPECT_THAT(scan().gaps, IsEmpty());
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, AUnitThatIsThereNow) {
  project.command("a.c", "cc -c a.c");
  EXPECT_EQ(scan().gaps.size(), 1u);
  project.write("a.c", "int a;\n");
  EXPECT_THAT(scan().gaps, IsEmpty());
}

TEST_F(Cache, WhatIsReadInOtherWaysIsNotKept) {
  project.write("x.pch", "no precompiled header");
  project.unit("a.c", "int a;\n", "-include-pch x.pch");
  project.unit("b.cpp", "int b;\n", "-fmodules");
  hits();
  EXPECT_EQ(hits(), 0u);
}

TEST_F(Cache, LinksThatLeadElsewhere) {
  project.write("v1/h.h", "int v1;\n");
  project.write("v2/h.h", "int v2;\n");
  project.write("same/h.h", "int v2;\n");
  fs::create_directory_symlink("v1", project.root() + "/current");
  project.unit("a.c", "#include \"h.h\"\n", "-Icurrent");
  hits();
  EXPECT_EQ(hits(), 1u);
  for (const char* other : {"v2", "same"}) {
    fs::remove(project.root() + "/current");
    fs::create_directory_symlink(other, project.root() + "/current");
    EXPECT_EQ(hits(), 0u) << other;
  }
  project.write("real.h", "int real;\n");
  fs::create_symlink("real.h", project.root() + "/link.h");
  project.unit("b.c", "#include \"link.h\"\n");
  hits();
  EXPECT_EQ(hits(), 2u);
  fs::remove(project.root() + "/link.h");
  project.write("link.h", "int real;\n");  // the same content under its own name
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, ResponseFiles) {
  project.write("one.rsp", "-DN=one");
  project.write("two.rsp", "-DN=one");
  project.write("h.h", "int N;\n");
  project.unit("a.c", "#include \"h.h\"\n", "@one.rsp");
  project.unit("b.c", "#include \"h.h\"\n", "@two.rsp");
  hits();
  EXPECT_EQ(hits(), 2u);
  project.write("two.rsp", "-DN=two");
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, OtherRoots) {
  project.write("outside/h.h", "static int outside;\n");
  project.unit("src/a.c", "#include \"../outside/h.h\"\nint a = 1; void f(void) { outside = a; }\n");
  const analyzer::SourceOptions all{.roots = {project.root()}};
  const analyzer::SourceOptions part{.roots = {project.root() + "/src"}};
  hits(all);
  EXPECT_EQ(hits(part), 0u);
  EXPECT_EQ(hits(all), 1u);
  EXPECT_EQ(hits(part), 1u);
}

TEST_F(Cache, OtherNamesOfTheUser) {
  project.unit("a.cpp", "struct Ref { void *p; }; static Ref kept; void f() { kept.p = nullptr; }\n");
  const analyzer::SourceOptions with_class{.names = {.wrapper_classes = {"Ref"}}};
  const analyzer::SourceOptions with_function{.names = {.functions = {"Ref"}}};
  hits();
  EXPECT_EQ(hits(with_class), 0u);
  EXPECT_EQ(hits(with_function), 0u);
  EXPECT_EQ(hits(with_class), 1u);
  EXPECT_EQ(hits(), 1u);
}

TEST_F(Cache, FoldersOfTheEnvironment) {
  project.write("one/h.h", "int one;\n");
  project.write("two/h.h", "int two;\n");
  project.unit("a.c", "#include <h.h>\n");
  for (const char* folder : {"/one", "/two"}) {
    setenv("C_INCLUDE_PATH", (project.root() + folder).c_str(), 1);
    EXPECT_EQ(hits(), 0u) << folder;
    EXPECT_EQ(hits(), 1u) << folder;
  }
  unsetenv("C_INCLUDE_PATH");
}

TEST_F(Cache, TheTimeOfDayIsNoPartOfFacts) {
  const std::string text =
      "#if 1\nstatic int seen;\n#endif\nchar when[] = __DATE__ __TIME__ __TIMESTAMP__;\n"
      "void f(void) { if (__TIME__[7] == '0') seen = 1; else seen = __DATE__[0]; }\n";
  project.unit("a.c", text);
  const auto first = scan();
  EXPECT_EQ(hits(), 1u);
  fs::last_write_time(project.root() + "/a.c", fs::file_time_type::clock::now() - std::chrono::hours(3000));
  EXPECT_TRUE(first.facts == scan().facts);
  ScratchProject same;
  same.unit("a.c", text);
  setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  EXPECT_TRUE(first.facts == same.scan().facts);
  unsetenv("SOURCE_DATE_EPOCH");
}

TEST_F(Cache, TwoNamesOfOneFileAreNotKept) {
  project.write("a/h.h", "#pragma once\nstatic int once;\n");
  fs::create_directory(project.root() + "/b");
  fs::create_hard_link(project.root() + "/a/h.h", project.root() + "/b/h.h");
  project.unit("a.c", "#include \"a/h.h\"\n#include \"b/h.h\"\n");
  hits();
  EXPECT_EQ(hits(), 0u);
}

}  // namespace
}  // namespace isoaudit::tests
