// Whatever is wrong becomes a gap that names it; what could be seen is kept.
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(BadInput, AUnitThatDoesNotCompile) {
  ScratchProject project;
  project.unit("bad.c", "int before;\nint broken( { ;\nint after; void f(void) { after = nonsense; before = 3; }\n");
  project.unit("good.c", "int good;\n");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "bad.c");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("does not compile: bad.c:2: "));
  EXPECT_THAT(names(result.facts), Contains("before"));
  EXPECT_THAT(names(result.facts), Contains("good"));
}

TEST(BadInput, AMissingHeader) {
  ScratchProject project;
  project.unit("a.c", "#include \"nowhere.h\"\nint seen; void f(void) { seen = 1; }\n");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("a.c:1: 'nowhere.h' file not found"));
  EXPECT_EQ(variable(result.facts, "seen").writes.size(), 1u);
}

TEST(BadInput, ManyErrorsDoNotEndTheUnit) {
  ScratchProject project;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "int v" + std::to_string(i) + " = unknown" + std::to_string(i) + ";\n";
  project.unit("a.c", text + "int last;\n");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("(and 199 more errors)"));
  EXPECT_THAT(names(result.facts), Contains("last"));
}

TEST(BadInput, NoCommandsAtAll) {
  ScratchProject project;
  project.write("src/a.c", "int value;\n");
  const auto result = project.scan();
  EXPECT_TRUE(result.no_commands);
  EXPECT_THAT(result.facts.units, IsEmpty());
}

TEST(BadInput, ABuildFolderWithoutCommands) {
  ScratchProject project;
  project.write("a.c", "int value;\n");
  project.write("build/readme", "");
  const auto result = project.scan({.build_dirs = {project.root() + "/build"}});
  EXPECT_TRUE(result.no_commands);
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "build");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("compile_commands.json"));
}

TEST(BadInput, BrokenCommandFiles) {
  for (const char* text : {"", "[{", "{}", "nonsense", R"([{"file": "a.c"}])", "[3]"}) {
    ScratchProject project;
    project.write("a.c", "int value;\n");
    project.write("compile_commands.json", text);
    const auto result = project.scan();
    EXPECT_TRUE(result.no_commands) << text;
    ASSERT_FALSE(result.gaps.empty()) << text;
    EXPECT_EQ(result.gaps[0].input == "compile_commands.json" || result.gaps[0].input == project.root(), true) << text;
  }
}

TEST(BadInput, OneBrokenEntryLosesOnlyItself) {
  ScratchProject project;
  project.write("a.c", "int value;\n");
  project.write("compile_commands.json", R"([{"command": 3}, {"directory": ")" + project.root() +
                                             R"(", "file": "a.c", "command": "cc -c a.c"}])");
  const auto result = project.scan();
  EXPECT_THAT(names(result.facts), ElementsAre("value"));
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "compile_commands.json");
}

TEST(BadInput, AWrongFolderInACommand) {
  ScratchProject project;
  project.write("a.c", "int value;\n");
  project.command(project.root() + "/a.c", "cc -c a.c", project.root() + "/gone");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "a.c");
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("does not exist"));
}

TEST(BadInput, AFileThatIsGone) {
  ScratchProject project;
  project.command("gone.c", "cc -c gone.c");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "gone.c");
}

TEST(BadInput, CommandsThatNameOtherFiles) {
  ScratchProject project;
  project.write("src/a.c", "int value;\n");
  project.write("compile_commands.json",
                R"([{"directory": "/", "file": "/elsewhere.c", "command": "cc -c elsewhere.c"}])");
  const auto result = project.scan({.roots = {project.root() + "/src"}, .build_dirs = {project.root()}});
  EXPECT_TRUE(result.no_commands);
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(result.gaps[0].reason, HasSubstr("no compile command"));
}

TEST(BadInput, BinaryRubbishAsAUnit) {
  ScratchProject project;
  project.unit("a.c", std::string_view("\x7f"
                                       "ELF\0\0\xff\xfe{{{{((((",
                                       16));
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_EQ(result.gaps[0].input, "a.c");
}

TEST(BadInput, EndlessInclude) {
  ScratchProject project;
  project.unit("a.c", "int value;\n#include \"a.c\"\n");
  const auto result = project.scan();
  ASSERT_EQ(result.gaps.size(), 1u);
  EXPECT_THAT(names(result.facts), Contains("value"));
}

}  // namespace
}  // namespace isoaudit::tests
