#include "analyzer/targets/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/targets/scratch_folder.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Case {
  const char* line;
  /// "name" or "name ; marker"; empty: the line names nothing.
  const char* name;
};

class RequirementLines : public testing::TestWithParam<Case> {};

TEST_P(RequirementLines, NameADistribution) {
  const ScratchFolder folder;
  const Requirements read = read_requirements(folder.write("r.txt", GetParam().line));
  std::string found;
  for (const Requirement& one : read.names) found += one.name + (one.marker.empty() ? "" : " ; " + one.marker);
  EXPECT_EQ(found, GetParam().name);
  EXPECT_THAT(read.gaps, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Lines, RequirementLines,
    testing::Values(Case{"numpy", "numpy"}, Case{"numpy # the numbers", "numpy"}, Case{"# numpy", ""}, Case{"  ", ""},
                    Case{"numpy==2.5.5", "numpy"}, Case{"numpy >= 2, < 3", "numpy"}, Case{"numpy~=2.0", "numpy"},
                    Case{"numpy (>=2)", "numpy"}, Case{"numpy!=2.1;python_version<'4'", "numpy ; python_version<'4'"},
                    Case{"uvloop; sys_platform != \"win32\"", "uvloop ; sys_platform != \"win32\""},
                    Case{"lxml[html5, css]>=6", "lxml"}, Case{"zope.interface", "zope.interface"},
                    Case{"pkg @ https://host/p;a.whl ; python_version>'3'", "pkg ; python_version>'3'"},
                    Case{"pkg@https://host/p.whl", "pkg"}, Case{"git+https://host/p#egg=pkg", "pkg"},
                    Case{"numpy==2 --hash=sha256:0123", "numpy"},
                    Case{"numpy==2 ; python_version>'3' \\\n  --hash=sha256:01 \\\n  --hash=sha256:23",
                         "numpy ; python_version>'3'"},
                    Case{"\xef\xbb\xbfnumpy\r\n", "numpy"}, Case{"--index-url https://host/simple", ""},
                    Case{"-c constraints.txt", ""}, Case{"--no-binary :all:", ""}));

TEST(Requirements, SayWhereTheyStand) {
  const ScratchFolder folder;
  const std::string file = folder.write("r.txt", "# first\n\na \\\n  >= 1\nb\n");
  const Requirements read = read_requirements(file);
  EXPECT_THAT(read.names, ElementsAre(Requirement{"a", "", file + ":3"}, Requirement{"b", "", file + ":5"}));
}

TEST(Requirements, IncludeEachOtherOnce) {
  const ScratchFolder folder;
  const std::string file = folder.write("r.txt", "a\n-r sub/more.txt\n");
  folder.write("sub/more.txt", "b\n--requirement=../r.txt\n-rlast.txt\n");
  folder.write("sub/last.txt", "c\n");
  std::string names;
  for (const Requirement& one : read_requirements(file).names) names += one.name;
  EXPECT_EQ(names, "abc");
}

TEST(Requirements, PathsStartAtTheirFile) {
  const ScratchFolder folder;
  const std::string file = folder.write("r.txt", "./x-1.0-py3-none-any.whl\n-e ../project[extra]\nwheels/y.tar.gz\n");
  const std::string root = folder.root.string();
  EXPECT_THAT(read_requirements(file).paths,
              ElementsAre(root + "/./x-1.0-py3-none-any.whl", root + "/../project", root + "/wheels/y.tar.gz"));
}

TEST(Requirements, WhatCannotBeReadIsAGap) {
  const ScratchFolder folder;
  const std::string file = folder.write("r.txt", "!bad\nhttps://host/x.whl\n-r gone.txt\nnumpy two\n");
  const Requirements read = read_requirements(file);
  EXPECT_THAT(read.names, IsEmpty());
  ASSERT_THAT(read.gaps, SizeIs(4));
  EXPECT_EQ(read.gaps[0].input, file + ":1");
  EXPECT_THAT(read.gaps[1].reason, HasSubstr("nothing is downloaded"));
  EXPECT_THAT(read.gaps[2].reason, HasSubstr("named in " + file + ":3"));
  EXPECT_THAT(read.gaps[3].reason, HasSubstr("\"numpy two\" is no requirement"));
  EXPECT_THAT(read_requirements(folder.root.string()).gaps, SizeIs(1));
}

TEST(DistributionNames, AreToldFromPaths) {
  for (const char* name : {"numpy", "zope.interface", "scikit-learn", "a", "0x"})
    EXPECT_TRUE(is_distribution_name(name));
  for (const char* name : {"", ".", "a/b", "-r", "numpy-", "_x", "a b", "a=1"})
    EXPECT_FALSE(is_distribution_name(name));
}

}  // namespace
}  // namespace isoaudit::analyzer
