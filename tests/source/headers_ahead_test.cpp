// Other people's headers are parsed ahead of units that include them each in a way of its own: what comes of a unit is
// what would come of it alone.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HeadersAhead : public testing::Test {
 protected:
  HeadersAhead() {
    library("Python.h",
            "#ifndef Py_PYTHON_H\n#define Py_PYTHON_H\n#include <lib_config.h>\n#include <elsewhere.h>\n"
            "typedef struct _object PyObject;\nstruct _object { long refs; };\nstruct opaque;\n"
            "#ifdef Py_BUILD_CORE\nextern int core_build;\n#endif\n"
            "int api(void);\n#define CALL_API() api()\n#define Py_NULL 0\n#define Py_NOTHING Py_NULL\n#endif\n");
    library("lib_config.h",
            "#ifndef LIB_CONFIG_H\n#define LIB_CONFIG_H\n#ifdef LIB_DEBUG\n#define LIB_MODE debug\n#else\n"
            "#define LIB_MODE release\n#endif\n#endif\n");
    elsewhere_.write("elsewhere.h",
                     "#ifndef ELSEWHERE_H\n#define ELSEWHERE_H\n#ifdef ELSEWHERE\n#define ELSEWHERE_SAYS yes\n#else\n"
                     "#define ELSEWHERE_SAYS no\n#endif\n#define ELSEWHERE_NAME there\n#endif\n");
    library("core.h",
            "#ifndef CORE_H\n#define CORE_H\n#define CORE 1\nstruct opaque { PyObject base; };\n"
            "#ifdef OTHER\n#define CORE_SAW other\n#else\n#define CORE_SAW nothing\n#endif\n"
            "#if CORE_LEVEL == 2\n#define CORE_NAME two\n#else\n#define CORE_NAME one\n#endif\n"
            "#undef api\n#define api() core_api()\nint core_api(void);\n#endif\n");
    library("other.h", "#ifndef OTHER_H\n#define OTHER_H\n#define OTHER 1\n#endif\n");
  }

  void library(const std::string& name, const std::string& text) { library_.write(name, text); }
  void own(const std::string& name, const std::string& text) {
    together_.write(name, text);
    apart_.write(name, text);
  }
  void unit(const std::string& name, const std::string& text, const std::string& flags = {}) {
    const std::string all = flags + " -I" + library_.root() + " -I" + elsewhere_.root();
    together_.unit(name, text, all);
    // -U keeps commands from being taken together, and here no two are the same.
    apart_.unit(name, text, all + " -UNOBODY_ELSE_" + std::to_string(++units_));
  }
  /// Two that everybody else can share with.
  void plain_units() {
    unit("plain1.c", "#include <Python.h>\n#include <core.h>\n#include <other.h>\n");
    unit("plain2.c", "#include <Python.h>\n#include <core.h>\n#include <other.h>\n");
  }

  /// All units together, after seeing that each for itself brings the same.
  analyzer::SourceResult scan() {
    analyzer::SourceResult result = together_.scan();
    const analyzer::SourceResult alone = apart_.scan();
    EXPECT_TRUE(result.facts == alone.facts);
    EXPECT_EQ(result.gaps, alone.gaps);
    return result;
  }

  ScratchProject elsewhere_;

 private:
  ScratchProject library_;
  ScratchProject together_;
  ScratchProject apart_;
  int units_ = 0;
};

constexpr const char* paste = "#define GLUE_(a, b) a##_##b\n#define GLUE(a, b) GLUE_(a, b)\n";

TEST_F(HeadersAhead, HeadersMayComeInAnyOrderThatTheyDoNotNotice) {
  plain_units();
  unit("a.c", "#include <Python.h>\n#include <other.h>\n#include <core.h>\n" + std::string(paste) +
                  "int GLUE(a_saw, CORE_SAW);\n");
  unit("b.c", "#include <Python.h>\n#include <core.h>\n#include <other.h>\n" + std::string(paste) +
                  "int GLUE(b_saw, CORE_SAW);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_saw_other", "b_saw_nothing"));
}

TEST_F(HeadersAhead, WhatAUnitDoesNotIncludeIsNotThere) {
  plain_units();
  unit("a.c", "#include <Python.h>\n#ifdef CORE\nint a_with;\n#else\nint a_without;\n#endif\n");
  unit("b.c", "#include <Python.h>\n#ifndef CORE\n#define CORE 7\n#endif\nint b[CORE];\n");
  unit("c.c", "#include <Python.h>\n#define HELPER OTHER\n#include <core.h>\nint c[CORE];\n");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a_without", "b", "c"));
  EXPECT_EQ(variable(result.facts, "b").type, "int[7]");
}

TEST_F(HeadersAhead, AMacroOfAUnitGivesWayToThatOfAHeader) {
  plain_units();
  unit("a.c", "#include <Python.h>\n#define CORE 7\n#include <core.h>\nint a[CORE];\n");
  unit("b.c", "#include <Python.h>\n#define CORE 7\n#undef CORE\n#include <core.h>\nint b[CORE];\n");
  unit("c.c", "#define Py_NULL 5\n#undef Py_NULL\n#include <Python.h>\nint c[Py_NULL + 1];\n");
  unit("e.c",
       "#include <Python.h>\n#define CORE 7\n#undef CORE\n#include <core.h>\n#ifdef CORE\nint e_with;\n#endif\n");
  unit("d.c", "#ifdef Py_NULL\nint d_before;\n#endif\n#include <Python.h>\n#ifdef Py_NULL\nint d_behind;\n#endif\n");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "d_behind", "e_with"));
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(variable(result.facts, name).type, "int[1]");
}

TEST_F(HeadersAhead, AMacroOfAUnitReachesAHeaderBeforeTheOneThatHasItToo) {
  library("asks.h",
          "#ifndef ASKS_H\n#define ASKS_H\n#ifdef CORE\n#define ASKED yes\n#else\n#define ASKED no\n#endif\n#endif\n");
  unit("a.c", "#include <Python.h>\n#include <asks.h>\n#include <core.h>\nint a;\n");
  unit("b.c", "#include <Python.h>\n#include <asks.h>\n#include <core.h>\nint b;\n");
  unit("c.c",
       "#include <Python.h>\n#define CORE 1\n#include <asks.h>\n" + std::string(paste) + "int GLUE(c, ASKED);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a", "b", "c_yes"));
}

TEST_F(HeadersAhead, OfTwoThatDefineAMacroTheLastOneHolds) {
  library("one.h", "#ifndef ONE_H\n#define ONE_H\n#define WHICH one\n#endif\n");
  library("two.h", "#ifndef TWO_H\n#define TWO_H\n#undef WHICH\n#define WHICH two\n#endif\n");
  const std::string use = std::string(paste) + "int GLUE(";
  unit("a.c", "#include <Python.h>\n#include <one.h>\n#include <two.h>\n" + use + "a, WHICH);\n");
  unit("b.c", "#include <Python.h>\n#include <one.h>\n#include <two.h>\n" + use + "b, WHICH);\n");
  unit("c.c", "#include <Python.h>\n#include <two.h>\n#include <one.h>\n" + use + "c, WHICH);\n");
  unit("d.c", "#include <Python.h>\n#include <one.h>\n" + use + "d, WHICH);\n");
  unit("e.c", "#include <Python.h>\n" + use + "e, WHICH);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_two", "b_two", "c_one", "d_one", "e_WHICH"));
}

TEST_F(HeadersAhead, AMacroIsWhatItWasUntilTheHeaderThatChangesItComes) {
  library("null.h", "#ifndef NULL_H\n#define NULL_H\n#undef Py_NULL\n#define Py_NULL 4\n#endif\n");
  unit("a.c", "#include <Python.h>\n#include <null.h>\nint a[Py_NULL];\n");
  unit("b.c", "#include <Python.h>\n#include <null.h>\nint b[Py_NULL];\n");
  unit("c.c", "#include <Python.h>\nint c[Py_NULL + 1];\n#include <null.h>\n");
  unit("d.c", "int d_first;\n#include <Python.h>\nint d[Py_NULL + 1];\n");
  unit("e.c", "#include <Python.h>\n#ifndef Py_NULL\nint e_without;\n#endif\n");
  unit("f.c", "#include <Python.h>\nint f[Py_NOTHING + 1];\n");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "d", "d_first", "f"));
  EXPECT_EQ(variable(result.facts, "f").type, "int[1]");
  EXPECT_EQ(variable(result.facts, "b").type, "int[4]");
  EXPECT_EQ(variable(result.facts, "c").type, "int[1]");
  EXPECT_EQ(variable(result.facts, "d").type, "int[1]");
}

TEST_F(HeadersAhead, WhatTheFirstLinesChangeIsNotChangedBefore) {
  elsewhere_.write("hints.h", "#ifndef HINTS_H\n#define HINTS_H\n#define LIB_HINT there\n#endif\n");
  library("hinted.h", "#ifdef LIB_HINT\n#endif\n");
  const std::string first = "#include <hints.h>\n#undef LIB_HINT\n#define LIB_HINT mine\n#include <Python.h>\n";
  const std::string use = std::string(paste) + "int GLUE(";
  unit("a.c", first + use + "a, LIB_HINT);\n");
  unit("b.c", first + use + "b, LIB_HINT);\n");
  own("begin.h", first);
  unit("c.c", "#ifdef LIB_HINT\nint c_before;\n#endif\n#include \"begin.h\"\n" + use + "c, LIB_HINT);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_mine", "b_mine", "c_mine"));
}

TEST_F(HeadersAhead, AMacroWithParametersReachesAHeaderThatCallsIt) {
  library("levels.h", "#ifndef LEVELS_H\n#define LEVELS_H\nenum { level = 3 };\n#endif\n");
  library("names.h",
          "#ifndef NAMES_H\n#define NAMES_H\n#include <levels.h>\n#define APPLY(f) f(1)\n#define LEAST(low) (low)\n"
          "static inline int least(int low) { return LEAST(low); }\nenum { names_limit = level };\n#endif\n");
  unit("a.c", "#include <Python.h>\n#include <names.h>\nint a;\n");
  unit("b.c", "#include <Python.h>\n#include <names.h>\nint b;\n");
  unit("c.c", "#include <Python.h>\n#define low(x) 1\n#include <names.h>\nint c[names_limit];\n");
  unit("d.c", "#include <Python.h>\n#define low 1\n#include <names.h>\nint d;\n");
  unit("e.c", "#include <Python.h>\n#include <levels.h>\n#define level 5\n#include <names.h>\nint e[names_limit];\n");
  library("calls.h",
          "#ifndef CALLS_H\n#define CALLS_H\nint pick(int);\n#define HAND(f) f(2)\n"
          "enum { called = sizeof(char[sizeof(HAND(pick))]) };\n#endif\n");
  unit("f.c", "#include <Python.h>\n#include <calls.h>\nint f[called];\n");
  unit("g.c", "#include <Python.h>\n#define pick(x) 1LL\n#include <calls.h>\nint g[called];\n");
  const auto result = scan();
  EXPECT_EQ(variable(result.facts, "c").type, "int[3]");
  EXPECT_EQ(variable(result.facts, "e").type, "int[5]");
  EXPECT_EQ(variable(result.facts, "f").type, "int[4]");
  EXPECT_EQ(variable(result.facts, "g").type, "int[8]");
}

TEST_F(HeadersAhead, AStructIsIncompleteUntilItsHeaderComes) {
  plain_units();
  unit("a.c", "#include <Python.h>\nstatic struct opaque *a;\nvoid use_a(void) { (void)a; }\n");
  unit("b.c", "#include <Python.h>\n#include <core.h>\nstatic struct opaque *b;\nvoid use_b(void) { (void)b; }\n");
  unit("c.c",
       "#include <Python.h>\nstruct opaque { int none; };\nstatic struct opaque c;\n"
       "void use_c(void) { c.none = 1; }\n");
  unit("d.c", "#include <Python.h>\nint d = sizeof(struct opaque);\n");
  const auto result = scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "d.c");
  EXPECT_NE(variable(result.facts, "a").python_type, variable(result.facts, "b").python_type);
}

TEST_F(HeadersAhead, MacrosOfAUnitReachTheHeadersBehindThem) {
  plain_units();
  unit("a.c", "#include <Python.h>\n#define CORE_LEVEL 2\n#include <core.h>\n" + std::string(paste) +
                  "int GLUE(a, CORE_NAME);\n");
  unit("b.c", "#include <Python.h>\n#include <core.h>\n#define CORE_LEVEL 2\n" + std::string(paste) +
                  "int GLUE(b, CORE_NAME);\n");
  unit("c.c", "#define Py_BUILD_CORE 1\n#include <Python.h>\nint c;\nvoid f(void) { core_build = 1; }\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_two", "b_one", "c"));
}

TEST_F(HeadersAhead, MacrosOfACommandReachTheHeadersToo) {
  plain_units();
  unit("a.c", "#include <Python.h>\n#include <core.h>\n" + std::string(paste) + "int GLUE(a, CORE_NAME);\n",
       "-DCORE_LEVEL=2");
  unit("b.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(b, LIB_MODE);\n", "-DLIB_DEBUG");
  unit("c.c", "#include <Python.h>\nint c[SIZE] = {F(1)};\n", "-DSIZE=3 -DF(x)=x");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a_two", "b_debug", "c"));
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_EQ(variable(result.facts, "c").type, "int[3]");
}

TEST_F(HeadersAhead, MacrosOfACommandReachHeadersThatLieElsewhere) {
  plain_units();
  unit("a.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(a, ELSEWHERE_SAYS);\n", "-DELSEWHERE");
  unit("b.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(b, ELSEWHERE_SAYS);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_yes", "b_no"));
}

TEST_F(HeadersAhead, WhatAHeaderDefinesAnewIsNotTheCommandsAnyMore) {
  plain_units();
  unit("a.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(a, ELSEWHERE_NAME);\n", "-DELSEWHERE_NAME=mine");
  unit("b.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(b, ELSEWHERE_NAME);\n", "-DB=1 -DB=2 -DB=1");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_there", "b_there"));
}

TEST_F(HeadersAhead, WhatACommandIncludesIsReadUnderItsMacros) {
  own("config.h", "#ifdef DEBUG_BUILD\nint debug_build;\n#else\nint release_build;\n#endif\n");
  unit("a.c", "#include <Python.h>\nint a;\n", "-include config.h -DDEBUG_BUILD");
  unit("b.c", "#include <Python.h>\nint b;\n", "-include config.h");
  EXPECT_THAT(names(scan().facts), ElementsAre("a", "b", "debug_build", "release_build"));
}

TEST_F(HeadersAhead, AFileThatIsCxxForItsCommandIsReadAlone) {
  unit("a.c", "#include <Python.h>\nint a = sizeof(core_build_of_cxx::x);\n", "-x c++");
  unit("b.c", "#include <Python.h>\nint b;\n", "-x c++");
  EXPECT_THAT(names(scan().facts), ElementsAre("a", "b"));
}

TEST_F(HeadersAhead, AUnitsOwnFolderMayHoldWhatPythonIncludes) {
  plain_units();
  own("mine/lib_config.h", "#define LIB_MODE mine\n");
  unit("a.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(a, LIB_MODE);\n", "-Imine");
  unit("b.c", "#include <Python.h>\n" + std::string(paste) + "int GLUE(b, LIB_MODE);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_mine", "b_release"));
}

TEST_F(HeadersAhead, WhatTheFirstLinesDefineIsNotThereBefore) {
  unit("a.c", "#define Py_BUILD_CORE 1\n#include <Python.h>\n");
  unit("b.c", "#define Py_BUILD_CORE 1\n#include <Python.h>\n");
  unit("c.c", "int first;\n#ifdef Py_BUILD_CORE\nint leaked;\n#endif\n#define Py_BUILD_CORE 1\n#include <Python.h>\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("first"));
}

TEST_F(HeadersAhead, AHeaderThatComesBeforePythonDoesNotSeeIt) {
  library(
      "first.h",
      "#ifndef FIRST_H\n#define FIRST_H\n#ifdef Py_NULL\n#define FIRST_SAW python\n#else\n#define FIRST_SAW nothing\n"
      "#endif\n#include <Python.h>\n#endif\n");
  unit("a.c", "#include <Python.h>\n#include <first.h>\n" + std::string(paste) + "int GLUE(a, FIRST_SAW);\n");
  unit("b.c", "#include <Python.h>\n#include <first.h>\n" + std::string(paste) + "int GLUE(b, FIRST_SAW);\n");
  unit("c.c",
       "#if 1\n#include <first.h>\n#endif\n#include <Python.h>\n" + std::string(paste) + "int GLUE(c, FIRST_SAW);\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a_python", "b_python", "c_nothing"));
}

TEST_F(HeadersAhead, AHeaderOfTheUnitsOwnFolderIsFoundFirst) {
  plain_units();
  own("mine/core.h", "#define CORE 9\n");
  unit("a.c", "#include <Python.h>\n#include <core.h>\nint a[CORE];\n", "-Imine");
  unit("b.c", "#include <Python.h>\n#include <core.h>\nint b[CORE];\n");
  own("beside/core.h", "#define CORE 5\n");
  unit("beside/c.c", "#include <Python.h>\n#include \"core.h\"\nint c[CORE];\n");
  const auto result = scan();
  EXPECT_EQ(variable(result.facts, "a").type, "int[9]");
  EXPECT_EQ(variable(result.facts, "b").type, "int[1]");
  EXPECT_EQ(variable(result.facts, "c").type, "int[5]");
}

TEST_F(HeadersAhead, AUnitMayComeToPythonByAHeaderOfItsOwn) {
  own("own.h",
      "#ifndef OWN_H\n#define OWN_H\n#ifdef Py_NULL\nint after;\n#else\nint before;\n#endif\n"
      "#include <Python.h>\nextern int shared;\n#endif\n");
  unit("a.c", "#include \"own.h\"\nint a;\n#ifdef OWN_H\nint has_own;\n#endif\n");
  unit("b.c", "#include \"own.h\"\n#include <core.h>\nint b[CORE];\n");
  unit("c.c", "#include <Python.h>\n#include \"own.h\"\n#include <core.h>\nint c;\n");
  EXPECT_THAT(names(scan().facts), ElementsAre("a", "after", "b", "before", "c", "has_own"));
}

TEST_F(HeadersAhead, AMacroThatWasThereMayMeanSomethingElseBehindAHeader) {
  plain_units();
  unit("a.c", "#include <Python.h>\nstatic int a;\nvoid f(void) { a = CALL_API(); }\n");
  unit("b.c", "#include <Python.h>\n#include <core.h>\nstatic int b;\nvoid g(void) { b = CALL_API(); }\n");
  const auto result = scan();
  EXPECT_THAT(writes(result.facts, "a"), ElementsAre("3 assignment call api"));
  EXPECT_THAT(writes(result.facts, "b"), ElementsAre("4 assignment call core_api"));
}

TEST_F(HeadersAhead, HeadersWithoutAGuardAreReadEachTime) {
  library("each.h", "#ifdef EACH\n#undef EACH\n#define EACH 2\n#else\n#define EACH 1\n#endif\n");
  library("late_guard.h",
          "int before_the_guard(void);\n#ifndef LATE_H\n#define LATE_H\nstruct late { int one; };\n#endif\n");
  unit("a.c", "#include <Python.h>\n#include <each.h>\n#include <late_guard.h>\nint a[EACH];\n");
  unit("b.c", "#include <Python.h>\n#include <each.h>\n#include <each.h>\n#include <late_guard.h>\nint b[EACH];\n");
  unit("c.c",
       "#include <Python.h>\n#include <stddef.h>\n#include <stdbool.h>\nint c[offsetof(struct _object, refs) + 1];\n");
  const auto result = scan();
  EXPECT_EQ(variable(result.facts, "a").type, "int[1]");
  EXPECT_EQ(variable(result.facts, "b").type, "int[2]");
}

TEST_F(HeadersAhead, APragmaOfTheUnitHoldsForHeadersBehindIt) {
  library("packed.h", "#ifndef PACKED_H\n#define PACKED_H\nstruct packed { char c; long l; };\n#endif\n");
  plain_units();
  for (const char* name : {"a", "b"}) {
    unit(name + std::string(".c"),
         "#include <Python.h>\n#include <packed.h>\nint " + std::string(name) + "[sizeof(struct packed)];\n");
  }
  unit("c.c", "#include <Python.h>\n#pragma pack(1)\n#include <packed.h>\nint c[sizeof(struct packed)];\n");
  const auto result = scan();
  EXPECT_EQ(variable(result.facts, "a").type, "int[16]");
  EXPECT_EQ(variable(result.facts, "c").type, "int[9]");
}

TEST_F(HeadersAhead, ErrorsAreThoseOfTheUnit) {
  plain_units();
  unit("a.c", "#include <Python.h>\nint a = core_api();\n");
  unit("b.c", "#include <Python.h>\n#include <core.h>\nint b = nonsense;\n");
  library("broken.h", "#error needs more\n");
  unit("c.c", "#include <Python.h>\n#include <broken.h>\nint c;\n");
  unit("d.c", "#include <Python.h>\n#include <broken.h>\nint d;\n");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "d"));
  ASSERT_EQ(result.gaps.size(), 4u);
  EXPECT_THAT(result.gaps[1].reason, HasSubstr("b.c:3: use of undeclared identifier 'nonsense'"));
}

TEST_F(HeadersAhead, AUnitMayDeclareWhatAHeaderWouldToo) {
  plain_units();
  unit("a.c",
       "#include <Python.h>\nstatic int core_api(void) { return 1; }\nint a;\nvoid f(void) { a = core_api(); }\n");
  EXPECT_THAT(scan().gaps, IsEmpty());
}

TEST_F(HeadersAhead, AProjectThatHoldsPythonHasItsHeadersFindings) {
  own("include/Python.h", "#ifndef Py_PYTHON_H\n#define Py_PYTHON_H\nstatic int in_python;\n#endif\n");
  unit("a.c", "#include <Python.h>\nint a;\n", "-Iinclude");
  unit("b.c", "#define SOMETHING 1\n#include <Python.h>\nint b;\n", "-Iinclude -DMORE");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), Contains("in_python"));
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST_F(HeadersAhead, ARealPythonIsTheSameInAnyOrder) {
  const std::string include = std::string("-I") + ISOAUDIT_TEST_PYTHON_INCLUDE;
  const std::string counter = "static int counter;\nvoid count(void) { counter++; }\n";
  ScratchProject together;
  ScratchProject apart;
  int number = 0;
  for (const char* text :
       {"#include <Python.h>\n#include <stdio.h>\n#include <errno.h>\n",
        "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n#include <errno.h>\n#include <signal.h>\n",
        "#include <stdio.h>\n#include <Python.h>\n", "#include \"pyconfig.h\"\n#include <Python.h>\n",
        "#define Py_LIMITED_API 0x030c0000\n#include <Python.h>\n",
        "#include <Python.h>\n#include <structmember.h>\n#include <stddef.h>\n"}) {
    const std::string name = std::to_string(++number) + ".c";
    together.unit(name, text + counter, include + " -DNUMBER=" + std::to_string(number));
    apart.unit(name, text + counter, include + " -DNUMBER=" + std::to_string(number) + " -UNOBODY");
  }
  const auto result = together.scan();
  EXPECT_TRUE(result.facts == apart.scan().facts);
  EXPECT_THAT(result.gaps, IsEmpty());
}

}  // namespace
}  // namespace isoaudit::tests
