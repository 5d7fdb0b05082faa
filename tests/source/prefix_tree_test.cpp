// What units have in common, and what they only seem to have.
#include "analyzer/source/prefix_tree.h"

#include <sstream>

#include "analyzer/source/leading_steps.h"
#include "tests/source/scratch_project.h"

namespace isoaudit::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(std::string_view source) {
  std::vector<std::string> all;
  for (const analyzer::LeadingStep& step : analyzer::leading_steps(source)) all.push_back(step.text);
  return all;
}

TEST(LeadingSteps, EndBehindEachIncludeOutsideOfConditions) {
  EXPECT_THAT(texts("/* */ #define A  1 // x\n\n# include <a.h>\n#ifdef B\n#include \"b.h\"\n#endif\nint x;\n"),
              ElementsAre("#define A  1\n# include <a.h>\n", "#ifdef B\n#include \"b.h\"\n#endif\n"));
  const std::string_view source = "#include <a.h>\r\n#include \"b.h\"\nint x;\n#include <c.h>\n";
  const std::vector<analyzer::LeadingStep> steps = analyzer::leading_steps(source);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(source.substr(steps[0].end), "#include \"b.h\"\nint x;\n#include <c.h>\n");
  EXPECT_EQ(source.substr(steps[1].end), "int x;\n#include <c.h>\n");
  EXPECT_THAT(steps[1].quoted, ElementsAre("b.h"));
}

TEST(LeadingSteps, EndBeforeWhatIsLeftToClang) {
  for (const char* first :
       {"int x;", "#pragma once", "#include NAME", "#include_next <a.h>", "#define A __FILE__", "#define A __LINE__",
        "#if __has_include(<b.h>)\n#endif", "#endif", "#else", "#line 3", "#define A \"", "#define A ?\?/",
        "#define A \\ ", "# 1 \"x.c\"", "#import <a.h>", "#include <a.h> int", "/* never ends"}) {
    EXPECT_THAT(texts(std::string(first) + "\n#include <a.h>\n"), IsEmpty()) << first;
  }
  EXPECT_THAT(texts("#include <a.h>"), IsEmpty()) << "the file ends within the line";
  EXPECT_THAT(texts("#if A\n#include <a.h>\n"), IsEmpty());
  EXPECT_THAT(texts(""), IsEmpty());
}

class PrefixTree : public testing::Test {
 protected:
  void unit(const std::string& name, std::string_view text, std::vector<std::string> flags = {}) {
    project.write(name, text);
    analyzer::CompileCommand command{
        .file = project.root() + "/" + name, .directory = project.root(), .arguments = {"cc"}};
    command.arguments.insert(command.arguments.end(), flags.begin(), flags.end());
    command.arguments.insert(command.arguments.end(), {"-c", name, "-o", name + ".o"});
    commands.push_back(command);
  }

  /// "text{a.c+12 text{...}}": each node's text, the units that go on by themselves, and from where.
  std::vector<std::string> groups() {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < commands.size(); ++i) all.push_back(i);
    std::vector<std::string> shown;
    for (const analyzer::UnitGroup& group :
         analyzer::group_units(commands, all, analyzer::ProjectFiles({project.root()})))
      shown.push_back(show(group.root));
    return shown;
  }

  ScratchProject project;
  std::vector<analyzer::CompileCommand> commands{};

 private:
  std::string show(const analyzer::PrefixNode& node) {
    std::string text;
    std::istringstream lines(node.text);
    for (std::string line; std::getline(lines, line);) text += line + ";";
    text += "{";
    for (const analyzer::OwnRest& rest : node.units) {
      text += commands[rest.unit].file.substr(project.root().size() + 1) + "+" + std::to_string(rest.skip) + " ";
    }
    for (const analyzer::PrefixNode& next : node.next) text += show(next) + " ";
    if (text.back() == ' ') text.pop_back();
    return text + "}";
  }
};

TEST_F(PrefixTree, UnitsPartWhereTheirDirectivesDo) {
  unit("a.c", "#include <p.h>\n#include <q.h>\nint a;\n");
  unit("b.c", "/**/ #include <p.h>\n#include <q.h>\n");
  unit("c.c", "#include <p.h>\n#include <r.h>\n");
  unit("d.c", "#define P\n#include <p.h>\n");
  EXPECT_THAT(groups(), ElementsAre("{d.c+0 #include <p.h>;{c.c+15 #include <q.h>;{a.c+30 b.c+35}}}"));
}

TEST_F(PrefixTree, OnlyUnitsOfOneCommandAreTogether) {
  unit("a.c", "#include <p.h>\n", {"-DA"});
  unit("b.c", "#include <p.h>\n", {"-DB"});
  unit("c.c", "#include <p.h>\n", {"-DA", "-O2", "-Wall"});
  unit("d.c", "#include <p.h>\n", {"-DA", "-O2"});
  unit("e.cpp", "#include <p.h>\n", {"-DA"});
  EXPECT_THAT(groups(), ElementsAre("{#include <p.h>;{c.c+15 d.c+15}}", "{a.c+0}", "{b.c+0}", "{e.cpp+0}"));
}

TEST_F(PrefixTree, AHeaderBesideTheUnitIsNotTheOthers) {
  project.write("x/h.h", "");
  for (const char* name : {"x/a.c", "x/b.c", "y/c.c", "z/d.c"}) unit(name, "#include \"h.h\"\n");
  EXPECT_THAT(groups(), ElementsAre("{#include \"h.h\";{y/c.c+15 z/d.c+15} #include \"h.h\";{x/a.c+15 x/b.c+15}}"));
}

}  // namespace
}  // namespace isoaudit::tests
