#include "cli/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "cli/cache_folder.h"

namespace isoaudit::cli {
namespace {

Options parse(std::vector<const char*> words) {
  words.insert(words.begin(), "isoaudit");
  return *parse_options(static_cast<int>(words.size()), words.data());
}

TEST(Options, ADefaultAuditWritesTextToStdout) {
  const Options options = parse({"audit", "some.so"});
  EXPECT_EQ(options.command, Command::audit);
  EXPECT_EQ(options.targets, (std::vector<std::string>{"some.so"}));
  ASSERT_EQ(options.outputs.size(), 1U);
  EXPECT_EQ(options.outputs[0].format, "text");
  EXPECT_TRUE(options.outputs[0].file.empty());
  EXPECT_EQ(options.fail_on, model::Severity::hazard);
}

TEST(Options, TargetsMayStandBehindOptions) {
  const Options options = parse({"audit", "--python", "3.13", "--python", "3.14", "-p", "build", "src", "more"});
  EXPECT_EQ(options.pythons, (std::vector<std::string>{"3.13", "3.14"}));
  EXPECT_EQ(options.build_dirs, (std::vector<std::string>{"build"}));
  EXPECT_EQ(options.targets, (std::vector<std::string>{"src", "more"}));
}

TEST(Options, TheCacheIsWhereTheUsersCachesAre) {
  setenv("HOME", "/home/someone", 1);
  setenv("XDG_CACHE_HOME", "/caches", 1);
  EXPECT_EQ(cache_folder(parse({"scan", "src"})), "/caches/isoaudit/facts");
  EXPECT_EQ(cache_folder(parse({"scan", "src", "--no-cache"})), "");
  EXPECT_EQ(cache_folder(parse({"scan", "src", "--no-cache", "--cache-dir", "/here"})), "");
  EXPECT_EQ(cache_folder(parse({"audit", "src", "--cache-dir", "/here"})), "/here");
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(cache_folder(parse({"scan", "src"})), "/home/someone/.cache/isoaudit/facts");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(cache_folder(parse({"scan", "src"})), "");
}

TEST(Options, EachFileHasItsFormat) {
  const auto outputs = [](std::vector<const char*> words) {
    words.insert(words.begin(), {"audit", "x.so"});
    std::vector<std::string> pairs;
    for (const Output& output : parse(std::move(words)).outputs) pairs.push_back(output.format + ":" + output.file);
    return pairs;
  };
  using Pairs = std::vector<std::string>;
  EXPECT_EQ(outputs({"--format", "json", "-o", "r.json"}), (Pairs{"json:r.json"}));
  EXPECT_EQ(outputs({"-o", "r.json"}), (Pairs{"json:r.json"}));
  EXPECT_EQ(outputs({"-o", "r.out"}), (Pairs{"text:r.out"}));
  EXPECT_EQ(outputs({"--format", "json"}), (Pairs{"json:"}));
  EXPECT_EQ(outputs({"--format", "json", "-o", "a", "-o", "b"}), (Pairs{"json:a", "json:b"}));
  EXPECT_EQ(outputs({"--format", "json", "--format", "text", "-o", "a", "-o", "b"}), (Pairs{"json:a", "text:b"}));
  EXPECT_EQ(outputs({"--format", "json", "--format", "text", "-o", "a"}), (Pairs{"json:a", "text:"}));
}

TEST(Options, WrongUsageIsOneKindOfError) {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"audit"},
      {"audit", "x.so", "--format", "yaml"},
      {"audit", "x.so", "--no-such-option"},
      {"audit", "x.so", "--fail-on", "advice"},
      {"audit", "x.so", "--interpreters", "1"},
      {"audit", "x.so", "--select", "no-such-rule"},
      {"audit", "x.so", "-q", "-v"},
      {"audit", "x.so", "--format", "json", "--format", "text"},
      {"explain", "no-such-rule"},
      {"audits", "x.so"},
  };
  for (const auto& words : wrong) EXPECT_THROW(parse(words), UsageError) << (words.empty() ? "" : words.back());
}

TEST(Options, AMisspeltRuleGetsASuggestion) {
  try {
    parse({"explain", "global-exceptions"});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"global-exception\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace isoaudit::cli
