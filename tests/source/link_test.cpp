// Several units as one program.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;

TEST(Link, WritesOfOtherUnitsGoToTheDefinition) {
  ScratchProject project;
  project.write("shared.h", "extern int counter; static int per_unit;\n");
  project.unit("a.c", "#include \"shared.h\"\nint counter; int a(void) { return per_unit; }\n");
  project.unit("b.c", "#include \"shared.h\"\nvoid b(void) { counter = 1; per_unit = 2; }\n");
  const auto facts = project.scan().facts;
  EXPECT_THAT(names(facts), ElementsAre("counter", "per_unit"));
  ASSERT_EQ(variable(facts, "counter").writes.size(), 1u);
  EXPECT_EQ(variable(facts, "counter").writes[0].where.file, "b.c");
  EXPECT_EQ(variable(facts, "counter").unit, "a.c");
  // A header's static is one variable of the source.
  EXPECT_TRUE(variable(facts, "per_unit").is_read);
  EXPECT_EQ(variable(facts, "per_unit").writes.size(), 1u);
  EXPECT_EQ(variable(facts, "per_unit").where.file, "shared.h");
}

TEST(Link, UnitsSayWhatTheyDefineAndWhatTheyNeed) {
  ScratchProject project;
  project.unit("a.c", "int here; static int hidden; int other(void); int a(void) { return other() + hidden; }\n");
  const auto facts = project.scan().facts;
  ASSERT_EQ(facts.units.size(), 1u);
  EXPECT_THAT(facts.units[0].defines, ElementsAre("a", "here"));
  EXPECT_THAT(facts.units[0].refers, ElementsAre("other"));
}

TEST(Link, TheResultDoesNotDependOnTheNumberOfWorkers) {
  ScratchProject project;
  for (int i = 0; i < 8; ++i) {
    std::string text = "int vN; static int s; void fN(void) { vN = s++; }\n";
    for (std::size_t at = text.find('N'); at != std::string::npos; at = text.find('N'))
      text[at] = static_cast<char>('0' + i);
    std::string name = "u0.c";
    name[1] = static_cast<char>('0' + i);
    project.unit(name, text);
  }
  const auto one = project.scan({.jobs = 1});
  const auto many = project.scan({.jobs = 4});
  EXPECT_EQ(one.facts, many.facts);
  EXPECT_EQ(one.facts.units.size(), 8u);
}

TEST(Link, HeadersOutsideTheRootsAreNotTheProjects) {
  ScratchProject project;
  project.write("vendor/other.h", "static int vendored;\n");
  project.write("src/system/sys.h", "static int from_system;\n");
  project.unit("src/a.c", "#include <other.h>\n#include <sys.h>\nint own;\n", "-Ivendor -isystem src/system");
  const auto facts = project.scan({.roots = {project.root() + "/src"}}).facts;
  EXPECT_THAT(names(facts), ElementsAre("own"));
  EXPECT_EQ(variable(facts, "own").where.file, "a.c");
}

}  // namespace
}  // namespace isoaudit::tests
