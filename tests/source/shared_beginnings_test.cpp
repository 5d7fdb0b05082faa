// Units that begin alike are begun once: what comes of each is what would come of it alone.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Unit {
  std::string name{};
  std::string text{};
  std::string flags{};
};

/// All units together, after seeing that a scan in which no two share their command brings the same.
analyzer::SourceResult scan_together(const std::vector<Unit>& units, const std::vector<Unit>& headers = {}) {
  ScratchProject together;
  ScratchProject apart;
  for (const Unit& header : headers) {
    together.write(header.name, header.text);
    apart.write(header.name, header.text);
  }
  int number = 0;
  for (const Unit& unit : units) {
    together.unit(unit.name, unit.text, unit.flags);
    apart.unit(unit.name, unit.text, unit.flags + " -DNOBODY_ELSE=" + std::to_string(++number));
  }
  analyzer::SourceResult result = together.scan();
  const analyzer::SourceResult alone = apart.scan();
  EXPECT_TRUE(result.facts == alone.facts);
  EXPECT_EQ(result.gaps, alone.gaps);
  return result;
}

TEST(SharedBeginnings, CommentsAndLineBreaksMayDiffer) {
  const std::string header = "#ifdef WITH_STATE\nstatic int state;\n#endif\n";
  const auto result = scan_together({{"a.c", "/* a */\n#define WITH_STATE\n#include \"h.h\"\nint a = 1;\n"},
                                     {"b.c", "#define WITH_STATE // b\n\n\n#include \"h.h\" /* b */\nint b = 1;\n"},
                                     {"c.c", "#define \\\nWITH_STATE\n#include \"h.h\"\nint c = nonsense;\n"}},
                                    {{"h.h", header}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "state"));
  EXPECT_EQ(variable(result.facts, "b").where.line, 5u);
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("c.c:4: use of undeclared identifier 'nonsense'"));
}

TEST(SharedBeginnings, MacrosBeforeAnIncludeCount) {
  const std::string header = "#define GLUE(a, b) a##b\n#define NAME(n) GLUE(from_, n)\nint NAME(WHO);\n";
  const auto result = scan_together({{"a.c", "#define WHO a\n#include \"h.h\"\n"},
                                     {"b.c", "#define WHO b\n#include \"h.h\"\n"},
                                     {"c.c", "#define WHO b\n#undef WHO\n#define WHO c\n#include \"h.h\"\n"},
                                     {"d.c", "#if 0\n#define WHO b\n#else\n#define WHO d\n#endif\n#include \"h.h\"\n"},
                                     {"e.c", "#include \"h.h\"\n#define WHO e\n"}},
                                    {{"h.h", header}});
  EXPECT_THAT(names(result.facts), ElementsAre("from_WHO", "from_a", "from_b", "from_c", "from_d"));
}

TEST(SharedBeginnings, TheOrderOfIncludesCounts) {
  const std::vector<Unit> headers{{"one.h", "#ifndef FIRST\n#define FIRST one\n#endif\n"},
                                  {"two.h", "#ifndef FIRST\n#define FIRST two\n#endif\n"}};
  const auto result = scan_together({{"a.c", "#include \"one.h\"\n#include \"two.h\"\nint FIRST;\n"},
                                     {"b.c", "#include \"two.h\"\n#include \"one.h\"\nint FIRST;\n"},
                                     {"c.c", "#include \"two.h\"\n#include \"one.h\"\nstatic int FIRST;\n"}},
                                    headers);
  EXPECT_THAT(names(result.facts), ElementsAre("one", "two", "two"));
}

TEST(SharedBeginnings, AHeaderBesideAUnitIsItsOwn) {
  const auto result = scan_together(
      {{"x/a.c", "#include \"h.h\"\nint a = WHERE;\n", "-Icommon"},
       {"y/b.c", "#include \"h.h\"\nint b = WHERE;\n", "-Icommon"},
       {"y/c.c", "#include \"h.h\"\nint c = WHERE;\n", "-Icommon"},
       {"z/d.c", "#include \"h.h\"\nint d = WHERE;\n", "-Icommon"}},
      {{"x/h.h", "#define WHERE 1\nint beside_x;\n"}, {"common/h.h", "#define WHERE 2\nint in_common;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "beside_x", "c", "d", "in_common"));
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST(SharedBeginnings, FilesThatTheCommandIncludesAreLookedForInItsFolder) {
  const std::vector<Unit> headers{{"config.h", "int right;\n"}, {"include/config.h", "int wrong;\n"}};
  const auto result = scan_together(
      {{"src/a.c", "int a;\n", "-include config.h -Iinclude"}, {"src/b.c", "int b;\n", "-include config.h -Iinclude"}},
      headers);
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "right"));
}

TEST(SharedBeginnings, WhatTheCommandIncludesMayBeTheUnitItself) {
  const auto result =
      scan_together({{"a.c", "#ifndef A\n#define A\nint a;\n#else\nint again_a;\n#endif\n", "-include a.c"},
                     {"b.c", "#ifndef A\n#define A\nint b;\n#else\nint again_b;\n#endif\n", "-include b.c"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "again_a", "again_b", "b"));
}

TEST(SharedBeginnings, AMainFileIsNoSystemHeader) {
  const auto result = scan_together({{"a.c", "#include \"h.h\"\n#pragma GCC system_header\nint a;\n"},
                                     {"b.c", "#include \"h.h\"\n_Pragma(\"GCC system_header\")\nint b;\n"},
                                     {"c.c", "#include \"h.h\"\n#pragma once\n#include_next <stddef.h>\nint c;\n"}},
                                    {{"h.h", "int shared;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "shared"));
}

TEST(SharedBeginnings, WhoAsksForTheMainFileGetsIt) {
  const std::string header =
      "#define GLUE(a, b) a##b\n#define NAME(n) GLUE(level_, n)\nint NAME(__INCLUDE_LEVEL__);\n"
      "char base[sizeof __BASE_FILE__];\n";
  const auto result = scan_together({{"a.c", "#include \"h.h\"\nint a = __INCLUDE_LEVEL__;\n"},
                                     {"longer_name.c", "#include \"h.h\"\nint b[__INCLUDE_LEVEL__ + 1];\n"}},
                                    {{"h.h", header}});
  EXPECT_THAT(names(result.facts), Contains("level_1"));
  EXPECT_EQ(variable(result.facts, "b").type, "int[1]");
}

TEST(SharedBeginnings, AHeaderMayEndInTheMiddleOfADeclaration) {
  const auto result = scan_together(
      {{"a.c", "#include \"h.h\"\na;\nint other_a;\n"}, {"b.c", "#include \"h.h\"\nb = 2;\nint other_b;\n"}},
      {{"h.h", "int before;\nstatic volatile int\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "before", "other_a", "other_b"));
  EXPECT_EQ(variable(result.facts, "b").type, "volatile int");
}

TEST(SharedBeginnings, LinesThatAreNotWhatTheySeem) {
  const std::vector<Unit> headers{{"h.h", "#ifdef HIDDEN\nint seen_in_header;\n#endif\nint h;\n"}};
  const char* const beginnings[] = {
      "#include \"h.h\"\n// goes on \\\n#define HIDDEN\n",
      "// goes on \\ \n#define HIDDEN\n",
      "/* no end *\\\n/ #define HIDDEN\n#define HIDDEN\n/* */\n",
      "#define A 1\r#define HIDDEN\r\n",
      "#define A '\"' /* \"\n#define HIDDEN\n*/\n",
      "#error don't /* \n#define HIDDEN\n",
      "#define A \"/*\"\n#define HIDDEN\n#define B \"*/\"\n",
      "#/**/define/*\n*/HIDDEN\n",
      "%:define HIDDEN\n",
      "#if 1 ? 0 : 1\n#elif 1\n#define HIDDEN\n#endif\n",
      "#define B <\n#include <stddef.h> // > \"\n#define HIDDEN\n",
  };
  for (const char* beginning : beginnings) {
    SCOPED_TRACE(beginning);
    std::vector<Unit> units;
    for (const char* name : {"a", "b", "c"}) {
      units.push_back({name + std::string(".c"), beginning + ("#include \"h.h\"\nint " + std::string(name) + ";\n")});
    }
    EXPECT_THAT(names(scan_together(units, headers).facts), Contains("b"));
  }
  std::vector<Unit> raw;
  for (const char* name : {"a", "b", "c"}) {
    raw.push_back({name + std::string(".cpp"), "#define A R\"(\n#define HIDDEN\n)\" \"\n#include \"h.h\"\nint " +
                                                   std::string(name) + " = sizeof(A);\n"});
  }
  EXPECT_THAT(names(scan_together(raw, headers).facts), Not(Contains("seen_in_header")));
}

TEST(SharedBeginnings, AnErrorInAHeaderIsToldForEachUnit) {
  const auto result =
      scan_together({{"a.c", "#include \"h.h\"\nint a;\n"}, {"b.c", "#include \"h.h\"\nint b;\n"}, {"c.c", "int c;\n"}},
                    {{"h.h", "int before;\n#include \"nowhere.h\"\n"}});
  ASSERT_EQ(result.gaps.size(), 2u);
  EXPECT_EQ(result.gaps[1].input, "b.c");
  EXPECT_THAT(result.gaps[1].reason, HasSubstr("h.h:2: 'nowhere.h' file not found"));
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "before", "c"));
}

TEST(SharedBeginnings, CAndCxxHaveNothingInCommon) {
  const auto result = scan_together({{"a.c", "#include \"h.h\"\nint a;\n"},
                                     {"b.cpp", "#include \"h.h\"\nint b;\n"},
                                     {"c.cpp", "#include \"h.h\"\nint c;\n"}},
                                    {{"h.h", "#ifdef __cplusplus\nint cxx;\n#else\nint c_only;\n#endif\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "c_only", "cxx"));
}

TEST(SharedBeginnings, ACrashOfClangLosesItsUnitAlone) {
  const auto result = scan_together({{"a.c", "#include \"h.h\"\nint a;\n"},
                                     {"b.c", "#include \"h.h\"\nint b;\n#pragma clang __debug crash\n"},
                                     {"c.c", "#include \"h.h\"\nint c;\n"}},
                                    {{"h.h", "int shared;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "c", "shared"));
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "b.c");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("Clang crashed (SIG"));
}

TEST(SharedBeginnings, ACrashInWhatIsSharedLosesThoseThatShareIt) {
  const auto result =
      scan_together({{"a.c", "#include \"h.h\"\nint a;\n"}, {"b.c", "#include \"h.h\"\nint b;\n"}, {"c.c", "int c;\n"}},
                    {{"h.h", "#pragma clang __debug crash\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("c"));
  ASSERT_EQ(result.gaps.size(), 2u);
  EXPECT_THAT(result.gaps[1].reason, HasSubstr("Clang crashed (SIG"));
}

TEST(SharedBeginnings, TheProgramsOwnPragmaMeansNothingInAProject) {
  const auto result = scan_together({{"a.c", "#include \"h.h\"\n#pragma isoaudit_next\nint a;\n"},
                                     {"b.c", "#include \"h.h\"\n#pragma isoaudit_next\nint b;\n"}},
                                    {{"h.h", "#pragma isoaudit_next\nint shared;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "shared"));
}

TEST(SharedBeginnings, DeepNestingIsNoCrash) {
  std::string deep = "int value = ";
  for (int i = 0; i < 200; ++i) deep += "(";
  deep += "1";
  for (int i = 0; i < 200; ++i) deep += ")";
  std::string sum = ";\nint sum(int x) { return x";
  for (int i = 0; i < 20000; ++i) sum += " + x";
  const auto result = scan_together({{"a.c", deep + sum + "; }\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST(SharedBeginnings, ManyUnitsWithAnyNumberOfJobs) {
  ScratchProject project;
  project.write("h.h", "int shared;\nvoid use(void);\n");
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(i);
    project.unit("u" + number + ".c", std::string(i % 3 == 0 ? "#define THIRD\n" : "") + "#include \"h.h\"\nint v" +
                                          number + ";\nvoid f" + number + "(void) { shared = v" + number + "; }\n");
  }
  std::vector<std::size_t> told;
  analyzer::SourceOptions options{.jobs = 1};
  options.progress = [&](std::size_t done, std::size_t all) {
    told.push_back(done);
    EXPECT_EQ(all, 40u);
  };
  const auto one = project.scan(options);
  EXPECT_EQ(told.size(), 40u);
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(one.facts.units.size(), 40u);
  EXPECT_EQ(variable(one.facts, "shared").writes.size(), 40u);
  for (const unsigned jobs : {0U, 2U, 7U, 100U}) {
    const auto other = project.scan({.jobs = jobs});
    EXPECT_TRUE(one.facts == other.facts) << jobs;
    EXPECT_EQ(one.gaps, other.gaps) << jobs;
  }
}

}  // namespace
}  // namespace isoaudit::tests
