// --config: what is added, and that no mistake in it is taken for something else.
#include "cli/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "cli/options.h"

namespace isoaudit::cli {
namespace {

class ConfigFile : public testing::Test {
 protected:
  ~ConfigFile() override { std::filesystem::remove(file_); }

  Config read(std::string_view text) {
    std::ofstream(file_, std::ios::binary) << text;
    return read_config(file_);
  }

  /// What the user is told; the file's name is left out.
  std::string mistake(std::string_view text) {
    try {
      read(text);
    } catch (const UsageError& error) {
      const std::string what = error.what(), start = "--config " + file_ + ":";
      EXPECT_TRUE(what.starts_with(start)) << what;
      return what.substr(start.size());
    }
    ADD_FAILURE() << text << " is taken";
    return {};
  }

  std::string file_ =
      (std::filesystem::temp_directory_path() / ("isoaudit-config-" + std::to_string(getpid()))).string();
};

TEST_F(ConfigFile, AddsFunctionsAndClasses) {
  const Config config = read(R"toml(wrapper-classes = ["mine::Ref", "absl::Py"]

[[function]]
name = "mylib_init"
rule = "third-party-library-init"
harm = "sets up mylib for the whole process"
instead = "mylib_init_r()"

[[function]]
name = "my_hook"
rule = "process-global-hooks"
harm = "is one hook for the process"
severity = "advice"
)toml");
  EXPECT_EQ(config.wrapper_classes, (std::vector<std::string>{"absl::Py", "mine::Ref"}));
  ASSERT_EQ(config.functions.size(), 2U);
  EXPECT_EQ(config.functions[0].name, "my_hook");
  EXPECT_EQ(config.functions[0].severity, model::Severity::advice);
  EXPECT_EQ(config.functions[1].severity, model::Severity::hazard);
  EXPECT_EQ(config.functions[1].instead, "mylib_init_r()");
}

TEST_F(ConfigFile, AnEmptyOneAddsNothing) {
  const Config config = read("# nothing yet\n");
  EXPECT_TRUE(config.wrapper_classes.empty());
  EXPECT_TRUE(config.functions.empty());
}

TEST_F(ConfigFile, MistakesAreToldWithTheirLine) {
  EXPECT_EQ(mistake("wraper-classes = []"),
            "1: nothing is called \"wraper-classes\" here; there is function, wrapper-classes");
  EXPECT_EQ(mistake("\nwrapper-classes = \"mine::Ref\""), "2: wrapper-classes is a list");
  EXPECT_EQ(mistake("wrapper-classes = [\"A\",\n 3]"), "2: a name in wrapper-classes is a text");
  EXPECT_EQ(mistake("function = [1]"), "1: function is a list of tables: [[function]]");
  EXPECT_EQ(mistake("[[function]]\nname = \"f\"\nrule = \"locale\""), "1: the function has no harm");
  EXPECT_EQ(mistake("[[function]]\nname = \"\"\nrule = \"locale\"\nharm = \"x\""), "2: name is a text");
  EXPECT_EQ(mistake("[[function]]\nname = \"f\"\nrule = \"locale\"\nharm = \"x\"\nseverity = \"bad\""),
            "5: severity is advice, hazard or blocker, not \"bad\"");
  EXPECT_TRUE(mistake("[[function]]\nname = \"f\"\nrule = \"locales\"\nharm = \"x\"")
                  .starts_with("3: there is no rule \"locales\"; rules with lists of functions are "));
  EXPECT_TRUE(mistake("[[function]]\nname = \"f\"\nrule = \"static-instance\"\nharm = \"x\"")
                  .starts_with("3: no list of functions belongs to \"static-instance\"; "));
  EXPECT_TRUE(mistake("a = [").starts_with("1: ")) << mistake("a = [");
}

TEST_F(ConfigFile, OneThatIsNotThere) {
  try {
    read_config("/no/such/isoaudit.toml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("--config /no/such/isoaudit.toml: ")) << error.what();
  }
}

}  // namespace
}  // namespace isoaudit::cli
