// Headers that are parsed before the units that include them: what comes of each unit is what would come of it alone,
// and a unit that they would mean another thing to parses them itself.
#include "tests/source/facts_cache_scan.h"

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
};

/// Units that include headers of somebody else's, Python.h among them.
class HeadersAhead : public testing::Test {
 protected:
  HeadersAhead() {
    outside.write(
        "Python.h",
        "#ifndef PY_H\n#define PY_H\n#include \"deep.h\"\n#ifdef Py_LIMITED_API\n#define KIND limited\n#else\n"
        "#define KIND full\n#endif\ntypedef struct state state;\nstate *new_state(void);\n#endif\n");
    outside.write("deep.h",
                  "#pragma once\n#ifdef WITH_DEPTH\nenum { depth = 2 };\n#else\nenum { depth = 1 };\n#endif\n");
  }

  /// Large enough to be worth it.
  void write_big(const std::string& text) const {
    outside.write("big.h", "#ifndef BIG_H\n#define BIG_H\n" + text + "/*" + std::string(60000, '.') + "*/\n#endif\n");
  }

  /// Of all units together, after seeing that a scan in which no two share their command brings the same.
  analyzer::SourceResult scan(const std::vector<Unit>& units) {
    ScratchProject together;
    ScratchProject apart;
    ScratchProject cache;
    int number = 0;
    for (const Unit& unit : units) {
      together.unit(unit.name, unit.text, "-I" + outside.root());
      apart.unit(unit.name, unit.text, "-I" + outside.root() + " -DNOBODY_ELSE=" + std::to_string(++number));
    }
    const analyzer::SourceResult result = together.scan({.cache_dir = cache.root()});
    const analyzer::SourceResult alone = apart.scan();
    EXPECT_TRUE(result.facts == alone.facts);
    EXPECT_EQ(result.gaps, alone.gaps);
    parsed_alone.clear();
    for (const auto& entry : std::filesystem::directory_iterator(cache.root())) {
      if (entry.path().extension() != ".unit") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      if (bytes.find(outside.root() + "/Python.h") == std::string::npos) continue;
      for (const Unit& unit : units) {
        if (bytes.find("/" + unit.name) != std::string::npos) parsed_alone.push_back(unit.name);
      }
    }
    std::ranges::sort(parsed_alone);
    return result;
  }

  ScratchProject outside;
  /// Units that have read Python.h themselves.
  std::vector<std::string> parsed_alone;
};

TEST_F(HeadersAhead, WhatNoHeaderAsksForMayStandBefore) {
  write_big("");
  const auto result = scan({{"a.c", "#define OWN a\n#include \"Python.h\"\nint KIND;\nint OWN;\n"},
                            {"b.c", "/* b */\n#define OTHER\n#undef OTHER\n#include <Python.h>\nint b[depth];\n"},
                            {"c.c", "#include \"parts.h\"\n#include \"Python.h\"\nint c;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "c", "full"));
  EXPECT_THAT(parsed_alone, ElementsAre("c.c")) << "there is no parts.h, and an error is told in the unit's own order";
}

TEST_F(HeadersAhead, WhatAHeaderAsksForMayNot) {
  // A look at single lines does not tell what these conditions come to.
  const auto result =
      scan({{"a.c", "#define A\n#include \"Python.h\"\nint KIND, a[depth];\n"},
            {"b.c", "#define B\n#include \"Python.h\"\nint b;\n"},
            {"c.c", "#if 1 + 1 == 2\n#define Py_LIMITED_API\n#endif\n#include \"Python.h\"\nint KIND;\n"},
            {"d.c", "#if 1 + 1 == 2\n#define WITH_DEPTH\n#endif\n#include \"Python.h\"\nint d[depth];\n"},
            {"e.c", "#if 1 + 1 == 2\n#define PY_H\n#endif\n#include \"Python.h\"\nint KIND;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("KIND", "a", "b", "d", "full", "limited"));
  EXPECT_EQ(variable(result.facts, "a").type, "int[1]");
  EXPECT_EQ(variable(result.facts, "d").type, "int[2]");
  EXPECT_THAT(parsed_alone, ElementsAre("c.c", "d.c"));
}

TEST_F(HeadersAhead, UnitsOfOneBeginningShareItWhereverItStands) {
  const std::string beginning = "#define Py_LIMITED_API 3\n";
  const auto result = scan({{"a.c", "#define A\n" + beginning + "#include \"Python.h\"\nint KIND;\n"},
                            {"b.c", beginning + "#define B\n#include \"Python.h\"\nint b;\n"},
                            {"c.c", "#include \"Python.h\"\nint KIND;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("b", "full", "limited"));
  EXPECT_THAT(parsed_alone, ElementsAre("c.c"));
}

TEST_F(HeadersAhead, TheOrderOfHeadersMayDiffer) {
  write_big("#include \"deep.h\"\n#include \"small.h\"\ntypedef struct big { int size; } big_t;\n#define BIG big\n");
  outside.write("small.h", "#ifndef SMALL_H\n#define SMALL_H\nstruct big;\ntypedef int small_t;\n#endif\n");
  const auto result = scan({{"a.c", "#include \"Python.h\"\n#include \"big.h\"\nbig_t a;\n"},
                            {"b.c",
                             "#include \"deep.h\"\n#include \"Python.h\"\n#include \"small.h\"\nsmall_t b;\n"
                             "#include \"big.h\"\nbig_t BIG;\n"},
                            {"c.c", "#define C\n#include \"Python.h\"\nint c;\n#include \"big.h\"\nsmall_t d;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "big", "c", "d"));
  EXPECT_EQ(variable(result.facts, "d").type, "small_t");
  EXPECT_THAT(parsed_alone, IsEmpty());
}

TEST_F(HeadersAhead, ANameMustNotBeDeclaredTooEarly) {
  write_big("typedef int pixel;\nenum { limit = 3 };\n");
  const std::string late = "#ifdef NEVER\n#include \"big.h\"\n#endif\n";
  const auto result = scan({{"a.c", "#define A\n#include \"Python.h\"\n#include \"big.h\"\npixel a;\n"},
                            {"b.c", "#define B\n#include \"Python.h\"\n#include \"big.h\"\npixel b[limit];\n"},
                            // Of a type, that declares nothing.
                            {"c.c", "#include \"Python.h\"\n" + late + "static pixel;\n"},
                            {"d.c", "#include \"Python.h\"\n" + late + "int limit = 5;\n"},
                            // Behind a star it is the name that is declared, whatever else is called so.
                            {"e.c", "#include \"Python.h\"\n" + late + "int e(int *pixel);\nstatic int own;\n"}});
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "limit", "own", "pixel"));
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(parsed_alone, Not(Contains("a.c")));
  EXPECT_THAT(parsed_alone, Not(Contains("e.c")));
}

TEST_F(HeadersAhead, ATypeIsNotCompleteTooEarly) {
  write_big("struct state { int value; };\n");
  const std::string late = "#ifdef NEVER\n#include \"big.h\"\n#endif\n";
  const auto result =
      scan({{"a.c", "#define A\n#include \"Python.h\"\n#include \"big.h\"\nint a(state *s) { return s->value; }\n"},
            {"b.c", "#define B\n#include \"Python.h\"\n#include \"big.h\"\nstate b;\n"},
            {"c.c", "#include \"Python.h\"\n" + late + "int c(state *s) { return s->value; }\n"}});
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "c.c");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("incomplete definition of type"));
}

TEST_F(HeadersAhead, WhatTheUnitSaysBeforeAHeaderMayChangeIt) {
  write_big(
      "#ifdef WIDE\n#define WIDTH 64\n#else\n#define WIDTH 32\n#endif\nstruct packed { char c; int i; };\n"
      "int take(struct late *);\n");
  const auto behind = [](const std::string& text) {
    return "#include \"Python.h\"\n" + text + "#include \"big.h\"\nint w[WIDTH];\nchar s[sizeof(struct packed)];\n";
  };
  const auto result = scan({{"a.c", "#define A\n" + behind("")},
                            {"b.c", "#define B\n" + behind("int own;\n")},
                            {"c.c", behind("#define WIDE\n")},
                            {"d.c", behind("#pragma pack(1)\n")},
                            {"e.c", behind("struct late { int i; };\n")}});
  std::vector<std::string> types;
  for (const model::Variable& found : result.facts.variables) types.push_back(found.type);
  EXPECT_THAT(types, Contains("int[64]"));
  EXPECT_THAT(types, Contains("char[5]"));
  // The first pass over these gave up, the next one has no big.h ahead: Python.h they share all the same.
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST_F(HeadersAhead, HeadersThatSayAnotherThingEachTime) {
  outside.write("again.h",
                "#ifdef NEED_B\nint from_b(void);\n#undef NEED_B\n#else\nint from_all(void);\n"
                "#define NUMBER 1\n#endif\n");
  write_big("#define NEED_B\n#include \"again.h\"\n#include \"again.h\"\n");
  const auto result = scan({{"a.c", "#define A\n#include \"Python.h\"\n#include \"big.h\"\nint a[NUMBER];\n"},
                            {"b.c",
                             "#define B\n#include \"Python.h\"\n#include \"again.h\"\nint b[NUMBER];\n"
                             "#include \"big.h\"\n"},
                            {"c.c",
                             "#include \"Python.h\"\n#include \"big.h\"\n#undef NUMBER\n#define NUMBER 3\n"
                             "#include \"again.h\"\nint c[NUMBER];\n"}});
  EXPECT_EQ(variable(result.facts, "c").type, "int[1]");
  EXPECT_THAT(result.gaps, IsEmpty());
}

TEST_F(HeadersAhead, HeadersOfTheProjectAreReadInTheirOwnOrder) {
  ScratchProject project;
  project.write("include/Python.h", "#ifndef PY_H\n#define PY_H\nint shared;\n#endif\n");
  project.unit("a.c", "#define A\n#include \"Python.h\"\nint a;\n", "-Iinclude");
  project.unit("b.c", "static int before;\n#include \"Python.h\"\nint b;\n", "-Iinclude");
  const auto result = project.scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b", "before", "shared"));
  EXPECT_THAT(result.gaps, IsEmpty());
}

}  // namespace
}  // namespace isoaudit::tests
