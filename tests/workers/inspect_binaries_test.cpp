#include "cli/inspect_binaries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;
using model::Gap;
using testing::ElementsAre;
using testing::IsEmpty;

/// Takes the first word of a file for its fate.
analyzer::BinaryResult read(const analyzer::BinaryInput& input) {
  std::string text;
  if (input.file != nullptr) {
    const auto bytes = input.file->bytes();
    text.assign(bytes.begin(), bytes.end());
  } else {
    std::getline(std::ifstream(input.path) >> std::ws, text);
  }
  if (text == "segfault") raise(SIGSEGV);
  if (text == "abort") abort();
  if (text == "hoard") {
    std::string hoard(std::size_t{1} << 40, 'x');
    return {};
  }
  analyzer::BinaryResult result;
  if (text == "library") {
    result.not_an_extension = true;
    result.gaps = {{input.path, "exports no hook"}};
    return result;
  }
  result.facts.emplace().path = input.path;
  result.facts->module = input.module;
  return result;
}

class InspectBinaries : public testing::Test {
 protected:
  InspectBinaries() { fs::create_directories(folder); }
  ~InspectBinaries() override { fs::remove_all(folder); }

  void file(const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; }
  void target(const std::string& name, bool named = false) {
    analyzer::BinaryTarget target;
    target.path = folder / name;
    target.module = name;
    target.named = named;
    targets.binaries.push_back(target);
  }
  void member(const std::string& archive, const std::string& name) {
    analyzer::BinaryTarget target;
    target.archive = folder / archive;
    target.path = target.archive + "/" + name;
    target.member = target.module = name;
    targets.binaries.push_back(target);
  }
  model::Facts run() {
    model::Facts facts;
    Progress progress(true);
    inspect_binaries(options, targets, facts, progress, read);
    return facts;
  }
  static std::vector<std::string> modules(const model::Facts& facts) {
    std::vector<std::string> names;
    for (const model::BinaryFacts& binary : facts.binaries) names.push_back(binary.module);
    return names;
  }

  fs::path folder = fs::path(testing::TempDir()) / ("inspect_binaries_" + std::to_string(getpid()));
  analyzer::Targets targets;
  Options options{.command = Command::inspect};
};

TEST_F(InspectBinaries, OneFileIsLostAndTheRestIsRead) {
  for (const char* name : {"a", "b", "c", "d", "e"}) target(name);
  file("a", "fine"), file("b", "segfault"), file("c", "fine"), file("d", "abort"), file("e", "fine");
  const model::Facts facts = run();
  EXPECT_THAT(modules(facts), ElementsAre("a", "c", "e"));
  EXPECT_THAT(facts.gaps, ElementsAre(Gap{folder / "b", "cannot be read: the reader crashed (SIGSEGV)"},
                                      Gap{folder / "d", "cannot be read: the reader crashed (SIGABRT)"}));
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(InspectBinaries, AGiantAllocationLosesItsFile) {
  target("a"), target("b");
  file("a", "hoard"), file("b", "fine");
  const model::Facts facts = run();
  EXPECT_THAT(modules(facts), ElementsAre("b"));
  EXPECT_THAT(facts.gaps, ElementsAre(Gap{folder / "a", "cannot be read: the reader wanted more memory than 512 MB"}));
}
#endif

TEST_F(InspectBinaries, OneMemberOfAnArchiveIsLostAndTheRestIsRead) {
  file("a", "fine"), file("b", "segfault"), file("c", "fine");
  const std::string zip = "cd '" + folder.string() + "' && python3 -m zipfile -c w-1-py3-none-any.whl a b c";
  ASSERT_EQ(std::system(zip.c_str()), 0);
  for (const char* name : {"a", "b", "c", "gone"}) member("w-1-py3-none-any.whl", name);
  const model::Facts facts = run();
  EXPECT_THAT(modules(facts), ElementsAre("a", "c"));
  const std::string wheel = folder / "w-1-py3-none-any.whl";
  EXPECT_THAT(facts.gaps,
              testing::UnorderedElementsAre(Gap{wheel + "/b", "cannot be read: the reader crashed (SIGSEGV)"},
                                            testing::Field(&Gap::input, wheel + "/gone")));
}

TEST_F(InspectBinaries, ALibraryThatNobodyNamedIsNoGap) {
  target("a"), target("b", true);
  file("a", "library"), file("b", "library");
  const model::Facts facts = run();
  EXPECT_THAT(modules(facts), IsEmpty());
  EXPECT_THAT(facts.gaps, ElementsAre(Gap{folder / "b", "exports no hook"}));
}

TEST_F(InspectBinaries, NumbersOfJobsChangeNothing) {
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::to_string(100 + i);
    target(name);
    file(name, i % 7 == 0 ? "segfault" : std::string(static_cast<std::size_t>(i), 'x'));
  }
  options.jobs = 1;
  const model::Facts one = run();
  options.jobs = 4;
  const model::Facts four = run();
  EXPECT_EQ(one, four);
  EXPECT_EQ(one.binaries.size(), 42u);
  EXPECT_EQ(one.gaps.size(), 8u);
}

}  // namespace
}  // namespace isoaudit::cli
