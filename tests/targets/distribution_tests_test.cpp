#include "analyzer/targets/distribution_tests.h"

#include <gmock/gmock.h>

#include "tests/targets/scratch_folder.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kModule[] = "pkg/sub/_fast.cpython-314-x86_64-linux-gnu.so";

DistributionTests find(const ScratchFolder& folder, const std::string& module) {
  return find_distribution_tests((folder.root / module).string(), folder.root.string());
}

std::string record(std::initializer_list<const char*> files) {
  std::string text;
  for (const char* file : files) text += std::string(file) + ",sha256=x,1\n";
  return text;
}

TEST(DistributionTests, ThoseOfTheModulesOwnPackageComeFirst) {
  const ScratchFolder folder;
  for (const char* file : {kModule, "pkg/tests/test_a.py", "pkg/sub/tests/test_b.py", "pkg/sub/inner_test.py",
                           "pkg/sub/tests/helper.py", "pkg/sub/tests/test_stray.py"}) {
    folder.write(file);
  }
  folder.write("pkg-1.dist-info/RECORD", record({kModule, "pkg/tests/test_a.py", "pkg/sub/tests/test_b.py",
                                                 "pkg/sub/inner_test.py", "pkg/sub/tests/helper.py"}));
  const auto path = [&](const char* name) { return (folder.root / name).string(); };
  EXPECT_THAT(find(folder, kModule).files, ElementsAre(path("pkg/sub/inner_test.py"), path("pkg/sub/tests/test_b.py")));
}

TEST(DistributionTests, ElseThoseOfThePackageAbove) {
  const ScratchFolder folder;
  for (const char* file : {kModule, "pkg/tests/test_a.py", "test_top.py"}) folder.write(file);
  folder.write("pkg-1.dist-info/RECORD",
               record({kModule}) + "\"pkg/tests/test_a.py\",,\r\n" + record({"test_top.py", "pkg/tests/test_gone.py"}));
  EXPECT_THAT(find(folder, kModule).files, ElementsAre((folder.root / "pkg/tests/test_a.py").string()));
}

TEST(DistributionTests, AnotherDistributionsAreNotTaken) {
  const ScratchFolder folder;
  for (const char* file : {kModule, "pkg/tests/test_a.py"}) folder.write(file);
  folder.write("other-1.dist-info/RECORD", record({"pkg/tests/test_a.py"}));
  EXPECT_EQ(find(folder, kModule).why_none, "no installed distribution has it in its RECORD");
  folder.write("pkg-1.dist-info/RECORD", record({kModule, "../../bin/test_tool.py"}));
  EXPECT_THAT(find(folder, kModule).files, IsEmpty());
  EXPECT_EQ(find(folder, kModule).why_none, "its distribution brings no tests");
}

}  // namespace
}  // namespace isoaudit::analyzer
