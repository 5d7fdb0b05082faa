// Where commands are found, and what of them counts.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CompileCommands, AreFoundBesideBelowAndAbove) {
  for (const char* folder : {".", "build", "build/cp314", "_build", "builddir"}) {
    ScratchProject project;
    project.write("src/a.c", "int value;\n");
    project.write(
        std::string(folder) + "/compile_commands.json",
        R"([{"directory": ")" + project.root() + R"(", "file": "src/a.c", "arguments": ["cc", "-c", "src/a.c"]}])");
    EXPECT_THAT(names(project.scan().facts), ElementsAre("value")) << folder;
    EXPECT_THAT(names(project.scan({.roots = {project.root() + "/src"}}).facts), ElementsAre("value")) << folder;
    EXPECT_THAT(names(project.scan({.roots = {project.root() + "/src/a.c"}}).facts), ElementsAre("value")) << folder;
  }
}

TEST(CompileCommands, TheNamedBuildFolderIsTakenAlone) {
  ScratchProject project;
  project.unit("a.c", "#ifdef OTHER\nint other;\n#else\nint first;\n#endif\n");
  project.write("out/compile_commands.json",
                R"([{"directory": ")" + project.root() + R"(", "file": "a.c", "command": "cc -DOTHER -c a.c"}])");
  EXPECT_THAT(names(project.scan({.build_dirs = {project.root() + "/out"}}).facts), ElementsAre("other"));
}

TEST(CompileCommands, TheFirstOfTwoForAFileWins) {
  ScratchProject project;
  project.unit("a.c", "int VALUE;\n", "-DVALUE=one");
  project.command("a.c", "gcc -DVALUE=two -c a.c");
  EXPECT_THAT(names(project.scan().facts), ElementsAre("one"));
}

TEST(CompileCommands, FlagsOfOtherCompilersAndOutputsDoNotMatter) {
  ScratchProject project;
  project.unit("a.c", "int value = N;\n",
               "-fno-bogus-option -mbranch-cost-xyz=3 -Wnonsense -Werror -Wno-maybe-uninitialized -specs=/nowhere "
               "-fno-semantic-interposition -fstack-clash-protection -flto=auto -ffat-lto-objects -MD -MF a.d -MT x "
               "-fplugin=/nowhere/evil.so -Xclang -load -Xclang /nowhere/evil.so -D N=3 -g -O2 -xc99");
  const auto result = project.scan();
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
  EXPECT_FALSE(std::filesystem::exists(project.root() + "/a.d"));
  EXPECT_FALSE(std::filesystem::exists(project.root() + "/a.c.o"));
}

/// Meson lists what Cython, a Fortran compiler and an assembler get as well.
TEST(CompileCommands, WhatIsNeitherCNorCxxIsNoUnit) {
  ScratchProject project;
  project.unit("a.c", "int value;\n");
  for (const char* name : {"b.pyx", "c.f90", "d.S", "e.rs"}) {
    project.write(name, "def f(): pass\n");
    project.command(name, std::string("tool ") + name + " -o out");
  }
  const auto result = project.scan();
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
}

/// Its other half runs beside Python, with statics of its own.
TEST(CompileCommands, CxxForOtherMachinesIsAGap) {
  ScratchProject project;
  project.unit("a.c", "int value;\n");
  project.write("kernels.cu", "int cache;\n");
  project.command("kernels.cu", "nvcc -c kernels.cu -o kernels.o");
  project.command("/elsewhere/other.cu", "nvcc -c /elsewhere/other.cu");
  const auto result = project.scan();
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "kernels.cu");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("was not read"));
}

TEST(CompileCommands, ResponseFilesAndRelativeFolders) {
  ScratchProject project;
  project.write("build/flags.rsp", "-I../include -DNAME=answer");
  project.write("include/head.h", "int NAME;\n");
  project.write("src/a.c", "#include <head.h>\n");
  project.command("../src/a.c", "cc @flags.rsp -c ../src/a.c", project.root() + "/build");
  const auto result = project.scan();
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(names(result.facts), ElementsAre("answer"));
}

TEST(CompileCommands, ACommandThatNamesAPythonKeepsIt) {
  ScratchProject project;
  project.write("my_python/Python.h", "extern int mine;\n");
  project.unit("a.c", "#include <Python.h>\nint *here = &mine;\n", "-Imy_python");
  EXPECT_THAT(project.scan().gaps, IsEmpty());
}

/// An installed Python of that minor version, as far as a unit sees it.
void install_python(const ScratchProject& project, const std::string& folder, int minor, const std::string& kind = {}) {
  const std::string version = std::to_string(minor);
  project.write(folder + "/patchlevel.h", "#define PY_MAJOR_VERSION 3\n# define PY_MINOR_VERSION " + version + "\n");
  project.write(folder + "/pyconfig.h", kind);
  project.write(folder + "/Python.h",
                "#include \"patchlevel.h\"\n#include \"pyconfig.h\"\n#define FOLDER " + folder + "\n");
}

TEST(CompileCommands, AnotherPythonsHeadersGiveWayToTheOneThatWasAskedFor) {
  ScratchProject project;
  install_python(project, "old", 13);
  install_python(project, "new", 14);
  install_python(project, "debug", 13, "#define Py_DEBUG 1\n");
  install_python(project, "again", 13, "/* #undef Py_DEBUG */\n");
  project.unit("a.c", "#include <Python.h>\nint FOLDER;\n", "-Iold");
  analyzer::SourceOptions options{.python_include = project.root() + "/new"};
  EXPECT_THAT(names(project.scan(options).facts), ElementsAre("old"));
  options.only_that_python = true;
  EXPECT_THAT(names(project.scan(options).facts), ElementsAre("new"));
  options.python_include = project.root() + "/debug";
  EXPECT_THAT(names(project.scan(options).facts), ElementsAre("debug"));
  // The build's own is as good: what it says of the machine fits the command.
  options.python_include = project.root() + "/again";
  EXPECT_THAT(names(project.scan(options).facts), ElementsAre("old"));
}

TEST(CompileCommands, APythonsOwnSourcesKeepTheirHeaders) {
  ScratchProject project;
  install_python(project, "asked", 14);
  project.write("Include/Python.h", "#include <pyconfig.h>\n#define FOLDER own\n");
  project.write("Include/patchlevel.h", "#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION 13\n");
  project.write("pyconfig.h", "");
  project.unit("Modules/a.c", "#include <Python.h>\nint FOLDER;\n", "-IInclude -I.");
  EXPECT_THAT(names(project.scan({.python_include = project.root() + "/asked", .only_that_python = true}).facts),
              ElementsAre("own"));
}

TEST(CompileCommands, IncludedFilesAndSystemFolders) {
  ScratchProject project;
  project.write("build/config.h", "#define NAME configured\n");
  project.write("third/include/third.h", "#define TYPE int\nstatic int not_ours;\n");
  project.write("src/a.c", "#include <third.h>\nTYPE NAME;\n");
  project.command("../src/a.c", "cc -include config.h -isystem ../third/include -c ../src/a.c",
                  project.root() + "/build");
  const auto result = project.scan({.roots = {project.root() + "/src"}, .build_dirs = {project.root()}});
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(names(result.facts), ElementsAre("configured"));
}

TEST(CompileCommands, CrossBuildsAreReadForTheirTarget) {
  const std::string text =
      "#if defined(__aarch64__)\nint arm;\n#elif defined(__i386__)\nint x86[sizeof(long) == 4 ? 1 : -1];\n#else\nint "
      "here;\n#endif\n";
  for (const auto& [command, name] : {std::pair("cc -c a.c", "here"),
                                      {"clang --target=aarch64-linux-gnu -c a.c", "arm"},
                                      {"clang -target aarch64-linux-gnu -c a.c", "arm"},
                                      {"/opt/cross/bin/aarch64-linux-gnu-gcc -mabi=lp64 -c a.c", "arm"},
                                      {"gcc -m32 -c a.c", "x86"}}) {
    ScratchProject project;
    project.write("a.c", text);
    project.command("a.c", command);
    const auto result = project.scan();
    EXPECT_THAT(result.gaps, IsEmpty()) << command;
    EXPECT_THAT(names(result.facts), ElementsAre(name)) << command;
  }
}

TEST(CompileCommands, OldCIsNoError) {
  ScratchProject project;
  project.unit("a.c", "int value; int f(void) { char *p = 3; g(p); return 1; }\nh() { return value; }\n", "-std=gnu11");
  EXPECT_THAT(project.scan().gaps, IsEmpty());
}

TEST(CompileCommands, TheProcessKeepsItsWorkingFolder) {
  const auto before = std::filesystem::current_path();
  ScratchProject project;
  project.unit("a.c", "int value;\n");
  project.scan();
  EXPECT_EQ(std::filesystem::current_path(), before);
}

}  // namespace
}  // namespace isoaudit::tests
