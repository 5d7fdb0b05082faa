// A project without compile commands: which sources are units, and how they are compiled.
#include <fmt/format.h>

#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

analyzer::SourceResult guess(const ScratchProject& project, std::vector<analyzer::ProjectSettings> settings = {},
                             std::vector<std::string> roots = {}) {
  analyzer::SourceOptions options;
  options.guess = true;
  options.settings = std::move(settings);
  options.roots = std::move(roots);
  return project.scan(options);
}

std::vector<std::string> units(const analyzer::SourceResult& result) {
  std::vector<std::string> files;
  for (const model::Unit& unit : result.facts.units) files.push_back(unit.file);
  return files;
}

/// Settings of an extension with these sources, in the project's folder.
analyzer::ProjectSettings settings(const ScratchProject& project, const std::vector<std::string>& sources,
                                   bool is_whole) {
  analyzer::ProjectSettings one;
  one.folder = project.root();
  one.read = {"setup.py"};
  one.is_whole = is_whole;
  one.extensions.emplace_back();
  for (const std::string& source : sources) one.extensions[0].sources.push_back(project.root() + "/" + source);
  return one;
}

TEST(Guess, UnitsAreWhatReachesPythonAndItsLibraries) {
  ScratchProject project;
  project.write("src/ext.c", "#include \"ext.h\"\n#include \"part.c\"\nint ext;\n");
  project.write("src/ext.h", "#include <Python.h>\n#include \"lib/lib.h\"\n");
  project.write("src/part.c", "int part;\n");
  project.write("src/lib/lib.h", "extern int lib;\n");
  project.write("src/lib/lib.c", "#include \"lib.h\"\nint lib;\n");
  project.write("src/other/other.c", "int other;\n");
  project.write("tools/gen.c",
                "#include \"../src/lib/lib.h\"\nint gen;\nint main(int argc, char **argv) { return 0; }\n");
  project.write("tests/test_ext.c", "#include <Python.h>\nint test;\n");
  project.write("test_data/x.c", "#include <Python.h>\nint data;\n");
  project.write(".hidden/x.c", "#include <Python.h>\nint hidden;\n");
  project.write("env/pyvenv.cfg", "");
  project.write("env/x.c", "#include <Python.h>\nint environment;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("src/ext.c", "src/lib/lib.c"));
  EXPECT_THAT(names(result.facts), UnorderedElementsAre("ext", "part", "lib"));
  EXPECT_TRUE(result.no_commands);
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, project.root());
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("how 2 units are compiled was guessed"));
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0].reason,
              HasSubstr("4 sources were taken for no part of its modules: src/other/other.c, test_data/x.c, "
                        "tests/test_ext.c, tools/gen.c"));
}

TEST(Guess, OnlyWhereItIsAskedForAndNothingIsRecorded) {
  ScratchProject project;
  project.write("a.c", "#include <Python.h>\nint value;\n");
  EXPECT_THAT(project.scan().facts.units, IsEmpty());
  project.unit("b.c", "int recorded;\n");
  project.write_commands();
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("b.c"));
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST(Guess, AFileThatIsNamedIsAUnit) {
  ScratchProject project;
  project.write("tests/a.c", "int value;\nint main(void) { return value; }\n");
  project.write("b.c", "#include <Python.h>\nint other;\n");
  EXPECT_THAT(names(guess(project, {}, {project.root() + "/tests/a.c"}).facts), ElementsAre("value"));
}

TEST(Guess, WithoutPythonAllSourcesCount) {
  ScratchProject project;
  project.write("a.c", "int a;\n");
  project.write("b.cpp", "int b;\n");
  EXPECT_THAT(names(guess(project).facts), UnorderedElementsAre("a", "b"));
}

TEST(Guess, AnyBytesMayStandInAFile) {
  ScratchProject project;
  project.write(
      "a.c", "#include <Python.h>\n#include\n#include \"\n# include <\n#include_next \"b.h\"\n#include <>\nint a;\n");
  project.write("b.h", std::string_view("\0#include \"a.c\"\n\xff/*\"", 20));
  std::string large = "#include <Python.h>\nint large; /*";
  large.append(std::size_t{3} << 20, '/');
  project.write("large.c", large + "*/\n");
  EXPECT_THAT(names(guess(project).facts), UnorderedElementsAre("a", "large"));
}

TEST(Guess, NothingThatLooksLikeAModule) {
  ScratchProject project;
  project.write("tests/a.c", "int a;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), IsEmpty());
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("looks like a part of an extension module"));
}

TEST(Guess, TheNearestHeaderIsSearched) {
  ScratchProject project;
  project.write("one/src/a.c", "#include <Python.h>\n#include <deep/name.h>\nint NAME;\n");
  project.write("one/include/deep/name.h", "#define NAME near\n");
  project.write("two/include/deep/name.h", "#define NAME far\n");
  project.write("two/src/b.c", "#include <Python.h>\n#include \"deep/name.h\"\nint NAME;\n");
  EXPECT_THAT(names(guess(project).facts), UnorderedElementsAre("near", "far"));
}

/// libuv has a folder of sources for each of nine systems.
TEST(Guess, SourcesThatNeedAnotherSystemAreNoUnits) {
  ScratchProject project;
  project.write("ext.c",
                "#include <Python.h>\n#include \"lib.h\"\n#ifdef _WIN32\n#include <windows.h>\n#endif\nint ext;\n");
  project.write("lib.h", "#ifndef LIB_H\n#define LIB_H\n#if defined(_WIN32)\n#include <winsock2.h>\n#endif\n#endif\n");
  project.write("unix.c", "#include \"lib.h\"\nint here;\n");
  project.write("both.c", "#ifndef _WIN32\n#include \"lib.h\"\n#else\n#include <windows.h>\n#endif\nint both;\n");
  project.write("made.c", "#include \"lib.h\"\n#include \"process.h\"\nint made;\n");
  project.write("aix.c", "#include \"lib.h\"\n#include <sys/protosw.h>\nint aix;\n");
  project.write("neon.c", "#include \"lib.h\"\n#include <arm_neon.h>\n#include <immintrin.h>\nint neon;\n");
  project.write("win/internal.h", "#ifndef WIN_H\n#define WIN_H\n#include <windows.h>\n#endif\n");
  project.write("win/core.c", "#include \"../lib.h\"\n#include \"internal.h\"\nint win;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("both.c", "ext.c", "made.c", "unix.c"));
  ASSERT_FALSE(result.notes.empty());
  EXPECT_THAT(result.notes[0].reason,
              HasSubstr("3 sources were taken for no part of its modules: aix.c, neon.c, win/core.c"));
}

TEST(Guess, TheSystemsHeadersAreNotReplaced) {
  ScratchProject project;
  project.write("src/a.c",
                "#include <Python.h>\n#include <string.h>\n#include <own/x.h>\nint value = sizeof(memcpy);\n");
  project.write("compat/string.h", "#error \"for another system\"\n");
  project.write("compat/own/x.h", "\n");
  const auto result = guess(project);
  ASSERT_EQ(result.gaps.size(), 1u) << result.gaps[1].reason;
}

TEST(Guess, BuildFilesNameSourcesAndFlags) {
  ScratchProject project;
  project.write("build/gen.c", "#include <extra.h>\nint FIRST;\n#ifdef NOT_THIS\nint defined;\n#endif\n");
  project.write("inc/extra.h", "#define FIRST SECOND\n");
  project.write("stray.c", "#include <Python.h>\nint stray;\n");
  auto whole = settings(project, {"build/gen.c", "gone.c", "cythonized.pyx"}, true);
  whole.extensions[0].include_dirs = {project.root() + "/inc"};
  whole.extensions[0].flags = {"-DSECOND=third", "-DNOT_THIS", "-UNOT_THIS", "-Werror"};
  const auto result = guess(project, {whole});
  EXPECT_THAT(names(result.facts), ElementsAre("third"));
  // What it names and what is not there is no whole story.
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "gone.c");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("setup.py names it"));
  ASSERT_FALSE(result.notes.empty());
  EXPECT_THAT(result.notes[0].reason, HasSubstr("1 unit compiled as setup.py says"));

  whole.is_whole = false;
  EXPECT_THAT(names(guess(project, {whole}).facts), UnorderedElementsAre("third", "stray"));
}

TEST(Guess, TheStandardIsThatOfTheEnding) {
  ScratchProject project;
  project.write("a.c", "#include <Python.h>\nint new_in_c; int class;\n");
  project.write("b.cc",
                "#include <Python.h>\ninline int in_cxx = 1;\n#if __cplusplus >= 202002L\nint newer;\n#endif\n");
  EXPECT_THAT(names(guess(project).facts), UnorderedElementsAre("new_in_c", "class", "in_cxx"));
  analyzer::ProjectSettings newer;
  newer.folder = project.root();
  newer.cxx_flags = {"-std=c++20"};
  EXPECT_THAT(names(guess(project, {newer}).facts), UnorderedElementsAre("new_in_c", "class", "in_cxx", "newer"));
}

TEST(Guess, AMissingHeaderIsNamedBeforeAllElse) {
  ScratchProject project;
  project.write("a.c",
                "#include <Python.h>\nint x = unknown;\n#include \"nowhere/first.h\"\n#include <nowhere/second.h>\n"
                "static PyObject *seen;\nvoid f(PyObject *o) { seen = o; }\n");
  const auto result = guess(project);
  ASSERT_EQ(result.gaps.size(), 2u);
  EXPECT_EQ(result.gaps[1].input, "a.c");
  EXPECT_THAT(result.gaps[1].reason, HasSubstr("a.c:3: 'nowhere/first.h' file not found (and 2 more errors)"));
  EXPECT_EQ(variable(result.facts, "seen").writes.size(), 1u);
}

TEST(Guess, WhatABuildMakesIsAGap) {
  ScratchProject project;
  project.write("a.c", "#include <Python.h>\nint value;\n");
  project.write("pkg/made.pyx", "");
  project.write("pkg/made.c", "#include <Python.h>\n");
  project.write("pkg/missing.pyx", "include \"part.pyx\"\n");
  project.write("pkg/part.pyx", "");
  project.write("core/loops.c.src", "");
  project.write("README.in", "");
  const auto result = guess(project);
  ASSERT_EQ(result.gaps.size(), 2u);
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("2 files that a build makes C or C++ of were not scanned: "
                                               "core/loops.c.src, pkg/missing.pyx"));
}

/// A library in one file, included where the build asks for it.
TEST(Guess, ASourceThatNoConditionOfTheGuessReachesIsAGap) {
  ScratchProject project;
  project.write("ext.c",
                "#include <Python.h>\n#ifdef SINGLE\n#include \"lib.c\"\n#endif\n#include \"part.c\"\nint ext;\n");
  project.write("lib.c", "int lib;\n");
  project.write("part.c", "int part;\n");
  const auto result = guess(project);
  EXPECT_THAT(names(result.facts), UnorderedElementsAre("ext", "part"));
  ASSERT_EQ(result.gaps.size(), 2u);
  EXPECT_EQ(result.gaps[0].input, project.root());
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("1 source is included only under a condition"));
  EXPECT_TRUE(result.gaps[0].reason.ends_with(": lib.c")) << result.gaps[0].reason;
  // The same flag in the build files, which are then the whole story, is no guess.
  auto whole = settings(project, {"ext.c"}, true);
  EXPECT_THAT(guess(project, {whole}).gaps, IsEmpty());
  whole.is_whole = false;
  whole.extensions[0].flags = {"-DSINGLE"};
  const auto defined = guess(project, {whole});
  EXPECT_THAT(names(defined.facts), UnorderedElementsAre("ext", "lib", "part"));
  EXPECT_EQ(defined.gaps.size(), 1u);
}

std::string gaps(const analyzer::SourceResult& result) {
  std::string text;
  for (const model::Gap& gap : result.gaps) text += gap.input + ": " + gap.reason + "\n";
  return text;
}

TEST(Guess, WhatIsCalledATestIsNoUnitUnlessItIsAModuleOrNamed) {
  ScratchProject project;
  project.write("ext.c", "#include <Python.h>\n#include \"lib/lib.h\"\nint ext;\n");
  project.write("test_ext.c", "#include <Python.h>\nint module;\n");
  project.write("_testcapi.c", "#include \"lib/lib.h\"\nint capi;\n");
  project.write("CMakeLists.txt", "add_library(lib lib/t_test.c) # and not lib/sort_test.c\n");
  project.write("lib/lib.h", "\n");
  for (const char* name : {"lib/sort.c", "lib/sort_test.c", "lib/test_sort.c", "lib/sort-benchmark.c",
                           "lib/perf/perf_sort.c", "lib/t_test.c"}) {
    project.write(name, "#include <lib/lib.h>\nint value;\n");
  }
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("_testcapi.c", "ext.c", "lib/sort.c", "lib/t_test.c", "test_ext.c"));
  ASSERT_FALSE(result.notes.empty());
  EXPECT_THAT(result.notes.back().reason, HasSubstr("4 sources were taken for no part of its modules"));
}

/// scikit-learn's MurmurHash3.cpp: nobody but Cython includes its header.
TEST(Guess, WhatABuildFileOfTheProjectNamesIsAUnit) {
  ScratchProject project;
  project.write("ext.c", "#include <Python.h>\nint ext;\n");
  project.write("pkg/meson.build", "py.extension_module('hash', ['hash.pyx', 'src/hash.cpp'])\n");
  project.write("pkg/hash.pyx", "");
  project.write("pkg/src/hash.cpp", "int hash;\n");
  project.write("pkg/src/other.cpp", "int other;\n");
  project.write("third_party/lib/src/hash.cpp", "int of_others;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("ext.c", "pkg/src/hash.cpp"));
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0].reason, HasSubstr(": pkg/src/other.cpp, third_party/lib/src/hash.cpp"));
}

/// numpy brings Highway along, names one of its sources and includes the headers of x86-simd-sort.
TEST(Guess, OfALibraryThatIsBroughtAlongWhatTheBuildNamesIsRead) {
  ScratchProject project;
  project.write("core/meson.build",
                "static_library('hwy', ['src/hwy/abort.cc'],\n  include_directories: ['src/hwy',\n"
                "    'third_party/simd/src'])\nerror('Missing the `simd` submodule')\n");
  project.write(
      "core/ext.c",
      "#include <Python.h>\n#include \"src/hwy/hwy.h\"\n#include \"third_party/simd/src/simd.h\"\nint ext;\n");
  project.write("core/src/hwy/LICENSE", "");
  project.write("core/src/hwy/CMakeLists.txt", "add_library(hwy abort.cc sort.cc)\n");
  project.write("core/src/hwy/hwy.h", "\n");
  project.write("core/src/hwy/abort.cc", "#include \"hwy.h\"\nint hwy_abort;\n");
  project.write("core/src/hwy/sort.cc", "#include \"hwy.h\"\nint hwy_sort;\n");
  project.write("core/src/hwy/sort_test.cc", "#include \"hwy.h\"\nint hwy_test;\n");
  project.write("core/third_party/simd/src/simd.h", "\n");
  project.write("core/third_party/simd/lib/simd.cpp", "#include \"../src/simd.h\"\nint simd;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("core/ext.c", "core/src/hwy/abort.cc"));
  EXPECT_THAT(gaps(result), HasSubstr("2 sources of libraries that are brought along were not read, for no build file "
                                      "of the project names them: core/src/hwy (1), core/third_party/simd (1) (-p"));
  ASSERT_EQ(result.notes.size(), 1u);
  EXPECT_THAT(result.notes[0].reason, HasSubstr("1 source was taken for no part of its modules: "));
}

TEST(Guess, OfALibraryThatTheBuildEntersItsOwnBuildSaysWhatIsRead) {
  ScratchProject project;
  project.write("CMakeLists.txt", "add_subdirectory(\"${ROOT}/third_party/one\")\n# third_party/four\n");
  project.write("setup.py", "INCLUDE = os.path.join('third_party', 'two')\nS = glob.glob('third_party/three/*.c')\n");
  std::string includes = "#include <Python.h>\n";
  for (const std::string library : {"one", "two", "three", "four"}) {
    project.write("third_party/" + library + "/" + library + ".h", "\n");
    for (const std::string name : {"a", "b"}) {
      project.write("third_party/" + library + "/" + name + ".c", "#include \"" + library + ".h\"\nint value;\n");
    }
    includes += "#include \"third_party/" + library + "/" + library + ".h\"\n";
  }
  project.write("third_party/one/CMakeLists.txt", "add_library(one ${HERE}/a.c)\n");
  project.write("ext.c", includes + "int ext;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("ext.c", "third_party/one/a.c", "third_party/three/a.c",
                                         "third_party/three/b.c", "third_party/two/a.c", "third_party/two/b.c"));
  EXPECT_THAT(gaps(result), HasSubstr("3 sources of libraries that are brought along were not read, for no build file "
                                      "of the project names them: third_party/four (2), third_party/one (1) (-p"));
  // Who names the folder itself wants what is in it.
  EXPECT_THAT(units(guess(project, {}, {project.root() + "/third_party/four"})), ElementsAre("a.c", "b.c"));
}

/// gevent's _setupares.py.
TEST(Guess, WhatSetupPyImportsForItsPartsSaysWhatIsBuilt) {
  ScratchProject project;
  project.write("setup.py", "from _setupares import ARES\n");
  project.write("_setupares.py", "ARES.sources += glob_many('deps/c-ares/src/*.c')\n");
  project.write("src/ev_build.py", "LIBEV = dep_abspath('libev')\nffi.cdef(read('ev_cdef.c'))\n");
  project.write("src/ev_cdef.c", "struct ev { ...; };\n");
  project.write("ext.c", "#include <Python.h>\n#include <ares.h>\n#include <ev.h>\nint ext;\n");
  project.write("deps/c-ares/ares.h", "\n");
  project.write("deps/c-ares/src/ares.c", "#include <ares.h>\nint ares;\n");
  project.write("deps/libev/ev.h", "\n");
  project.write("deps/libev/ev.c", "#include <ev.h>\nint ev;\n");
  EXPECT_THAT(units(guess(project)), ElementsAre("deps/c-ares/src/ares.c", "deps/libev/ev.c", "ext.c"));
}

/// HiGHS, which scipy brings along, has its own bindings.
TEST(Guess, ALibraryWithExtensionCodeIsTheProjectsOwn) {
  ScratchProject project;
  project.write("subprojects/highs/bindings.cpp", "#include <Python.h>\n#include \"highs.h\"\nint bindings;\n");
  project.write("subprojects/highs/highs.h", "\n");
  project.write("subprojects/highs/highs.cpp", "#include \"highs.h\"\nint highs;\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("subprojects/highs/bindings.cpp", "subprojects/highs/highs.cpp"));
  EXPECT_EQ(result.gaps.size(), 1u);
}

/// OpenCV is a thousand sources behind a handful that know Python.
TEST(Guess, TheLargestPartsWithoutPythonAreLeftOutUntilTheRestIsNotTooMuch) {
  ScratchProject project;
  project.write("ext.cpp", "#include <Python.h>\n#include \"core/core.h\"\nint ext;\n");
  project.write("core/core.h", "\n");
  for (const std::string part : {"core", "dnn"}) project.write(part + "/CMakeLists.txt", "");
  project.write("core/core.cpp", "#include \"core.h\"\nint core;\n");
  for (int i = 0; i < 300; ++i)
    project.write(fmt::format("dnn/src/layer{}.cpp", i), "#include \"../../core/core.h\"\n");
  const auto result = guess(project);
  EXPECT_THAT(units(result), ElementsAre("core/core.cpp", "ext.cpp"));
  EXPECT_THAT(gaps(result), HasSubstr("300 sources without Python.h were not read, which is more than a guess reads: "
                                      "dnn/src (300) (-p names a build folder"));
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST(Guess, WhatIsTooMuchIsToldOfEachRoot) {
  ScratchProject project;
  project.write("CMakeLists.txt", "");
  project.write("one/ext.cpp", "#include <Python.h>\n#include \"core.h\"\nint ext;\n");
  project.write("one/core.h", "\n");
  for (int i = 0; i < 200; ++i) {
    project.write(fmt::format("one/{}.cpp", i), "#include \"core.h\"\n");
    project.write(fmt::format("two/deep/{}.cpp", i), "#include \"../../one/core.h\"\n");
  }
  const auto result = guess(project, {}, {project.root() + "/one", project.root() + "/two"});
  EXPECT_THAT(units(result), ElementsAre("one/ext.cpp"));
  EXPECT_THAT(gaps(result), HasSubstr("/one: 200 sources without Python.h were not read, which is more than a guess "
                                      "reads: . (200)"));
  EXPECT_THAT(gaps(result), HasSubstr("/two: 200 sources without Python.h were not read, which is more than a guess "
                                      "reads: two/deep (200)"));
  EXPECT_THAT(gaps(guess(project, {}, {project.root() + "/one"})), HasSubstr("more than a guess reads: . (200)"));
}

TEST(Guess, AUnitThatTakesLongIsGivenUp) {
  ScratchProject project;
  project.write("a.c", "#include <Python.h>\nint value;\n");
  project.write("endless.cpp",
                "#include <Python.h>\ntemplate <int N, int M> struct S : S<N - 1, 2 * M>, S<N - 1, 2 * M + 1> {};\n"
                "template <int M> struct S<0, M> {};\nS<25, 0> endless;\n");
  analyzer::SourceOptions options;
  options.guess = true;
  options.guessed_seconds = 1;
  const auto result = project.scan(options);
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
  EXPECT_THAT(gaps(result), HasSubstr("endless.cpp: Clang took longer than 1 s\n"));
}

TEST(Guess, OfHeadersForEachSystemThisOnesIsSearched) {
  ScratchProject project;
  project.write("src/a.c", "#include <Python.h>\n#include \"config.h\"\nint NAME;\n");
  for (const std::string system : {"android", "darwin", "linux", "windows"}) {
    project.write("config_" + system + "/config.h", "#define NAME for_" + system + "\n");
  }
  EXPECT_THAT(names(guess(project).facts), ElementsAre("for_linux"));
}

/// c-ares, which grpcio brings along, defines what the system has where no configuration tells it.
TEST(Guess, AConfigurationThatIsThereIsIncluded) {
  const std::string includer =
      "#ifdef HAVE_CONFIG_H\n#  include \"config.h\"\n#else\n#  include \"other.h\"\n#endif\nint NAME;\n";
  ScratchProject project;
  project.write("a/a.c", "#include <Python.h>\n" + includer);
  project.write("a/config.h", "#define NAME configured\n");
  project.write("a/other.h", "#define NAME other\n");
  project.write("b/b.c", "#include <Python.h>\n#ifndef HAVE_CONFIG_H\n#include \"../a/other.h\"\n#endif\nint NAME;\n");
  EXPECT_THAT(names(guess(project).facts), UnorderedElementsAre("configured", "other"));
  // What a build has still to make, or made for another system, does not count.
  ScratchProject bare;
  bare.write("a/a.c", "#include <Python.h>\n" + includer);
  bare.write("windows/config.h", "#define NAME wrong\n");
  bare.write("a/other.h", "#define NAME other\n");
  EXPECT_THAT(names(guess(bare).facts), ElementsAre("other"));
}

TEST(Guess, ItsUnitsAreNotTheWholeStory) {
  ScratchProject project;
  project.unit("a.c", "int value;\n");
  project.unit("broken.c", "int other = unknown;\n");
  const auto recorded = project.scan();
  ASSERT_EQ(recorded.facts.units.size(), 2u);
  EXPECT_FALSE(recorded.facts.units[0].incomplete);
  EXPECT_TRUE(recorded.facts.units[1].incomplete);
  ScratchProject other;
  other.write("a.c", "int value;\n");
  const auto guessed = guess(other);
  ASSERT_EQ(guessed.facts.units.size(), 1u);
  EXPECT_TRUE(guessed.facts.units[0].incomplete);
}

}  // namespace
}  // namespace isoaudit::tests
