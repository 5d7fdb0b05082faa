#include "analyzer/targets/find_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace isoaudit::analyzer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FindTargets : public testing::Test {
 protected:
  FindTargets() {
    std::string pattern = (fs::temp_directory_path() / "isoaudit-targets-XXXXXX").string();
    root = mkdtemp(pattern.data());
  }
  ~FindTargets() override { fs::remove_all(root); }

  void touch(const std::string& name) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << "x";
  }
  Targets find(const std::string& name) { return find_targets({.named = {(root / name).string()}}); }
  static std::vector<std::string> modules(const Targets& targets) {
    std::vector<std::string> names;
    for (const BinaryTarget& target : targets.binaries) names.push_back(target.module);
    return names;
  }

  fs::path root;
};

TEST_F(FindTargets, NamesAModuleByItsPathBelowTheNearestFolderThatIsNoPackage) {
  touch("site/pkg/__init__.py");
  touch("site/pkg/sub/__init__.py");
  touch("site/pkg/sub/_fast.cpython-314-x86_64-linux-gnu.so");
  const Targets targets = find("site");
  ASSERT_THAT(targets.binaries, SizeIs(1));
  EXPECT_EQ(targets.binaries[0].module, "pkg.sub._fast");
  EXPECT_EQ(targets.binaries[0].import_root, (root / "site").string());
  EXPECT_EQ(targets.binaries[0].abi_tag, "cpython-314");
  EXPECT_THAT(targets.gaps, IsEmpty());
}

TEST_F(FindTargets, BelowSitePackagesFoldersWithoutInitAreNamespacePackages) {
  touch("lib/site-packages/space/inner/_x.abi3.so");
  EXPECT_THAT(modules(find("lib")), ElementsAre("space.inner._x"));
  touch("lib2/space/inner/_x.abi3.so");
  EXPECT_THAT(modules(find("lib2")), ElementsAre("_x"));
}

TEST_F(FindTargets, ASingleFileOfAPackageIsNamedAsInItsTree) {
  touch("site-packages/pkg/__init__.py");
  touch("site-packages/pkg/_x.so");
  EXPECT_THAT(modules(find("site-packages/pkg/_x.so")), ElementsAre("pkg._x"));
}

TEST_F(FindTargets, AMissingPathIsAGapThatNamesIt) {
  const Targets targets =
      find_targets({.named = {(root / "nowhere").string()}, .build_dirs = {(root / "nobuild").string()}});
  ASSERT_THAT(targets.gaps, SizeIs(2));
  EXPECT_EQ(targets.gaps[0].input, (root / "nobuild").string());
  EXPECT_EQ(targets.gaps[1].input, (root / "nowhere").string());
  EXPECT_EQ(targets.gaps[0].reason, "no such file or folder");
}

TEST_F(FindTargets, LinksAreFollowedOnceAndLoopsEnd) {
  touch("tree/a/_m.so");
  fs::create_directory_symlink(root / "tree", root / "tree/a/loop");
  fs::create_directory_symlink(root / "tree/a", root / "tree/again");
  fs::create_symlink(root / "tree/a/_m.so", root / "tree/a/_alias.so");
  const Targets targets = find("tree");
  ASSERT_THAT(targets.binaries, SizeIs(1));
  EXPECT_EQ(targets.binaries[0].path, (root / "tree/a/_m.so").string());
  EXPECT_THAT(targets.gaps, IsEmpty());
}

TEST_F(FindTargets, ALinkToNowhereThatIsCalledLikeAModuleIsAGap) {
  fs::create_symlink(root / "gone.so", root / "_m.so");
  const Targets targets = find(".");
  EXPECT_THAT(targets.binaries, IsEmpty());
  ASSERT_THAT(targets.gaps, SizeIs(1));
  EXPECT_EQ(targets.gaps[0].reason, "is a link to nowhere");
}

TEST_F(FindTargets, OnlyEndingsOfModulesAreTakenFromAFolder) {
  touch("d/libfoo.so.1");
  touch("d/notes.txt");
  touch("d/libfoo.so");
  touch("d/_w.cp314-win_amd64.pyd");
  EXPECT_THAT(modules(find("d")), ElementsAre("_w", "libfoo"));
}

TEST_F(FindTargets, AFileThatTheUserNamesIsTakenWhateverItsEnding) {
  touch("libfoo.so.1");
  EXPECT_THAT(modules(find("libfoo.so.1")), SizeIs(1));
}

TEST_F(FindTargets, SourceFoldersAndFilesAreRootsAndHeadersAloneAreNot) {
  touch("src/deep/a.cc");
  touch("inc/a.h");
  touch("one.c");
  const Targets targets =
      find_targets({.named = {(root / "src/").string(), (root / "inc").string(), (root / "one.c").string()},
                    .build_dirs = {(root / "src").string()}});
  EXPECT_THAT(targets.source_roots, ElementsAre((root / "one.c").string(), (root / "src").string()));
  EXPECT_THAT(targets.binaries, IsEmpty());
}

TEST_F(FindTargets, BuildFoldersGiveModulesButNoSources) {
  touch("build/_m.cpython-313-x86_64-linux-gnu.so");
  touch("build/generated.c");
  const Targets targets = find_targets({.build_dirs = {(root / "build").string()}});
  EXPECT_THAT(modules(targets), ElementsAre("_m"));
  EXPECT_THAT(targets.source_roots, IsEmpty());
}

TEST_F(FindTargets, ThingsNamedTwiceComeOnce) {
  touch("d/_m.so");
  const std::string folder = (root / "d").string();
  EXPECT_THAT(find_targets({.named = {folder, folder, folder + "/_m.so"}, .build_dirs = {folder}}).binaries, SizeIs(1));
}

TEST_F(FindTargets, APipeIsAGapAndDoesNotHang) {
  ASSERT_EQ(mkfifo((root / "_m.so").c_str(), 0600), 0);
  EXPECT_THAT(find("_m.so").gaps, SizeIs(1));
  EXPECT_THAT(find(".").binaries, IsEmpty());
}

struct Case {
  const char* file;
  bool release_314;
  bool debug_314;
  bool free_threaded_314;
};

class ImportableBy : public testing::TestWithParam<Case> {};

TEST_P(ImportableBy, DecidesByTheEnding) {
  const auto interpreter = [](const std::string& tag) {
    model::Interpreter found;
    found.ext_suffix = ".cpython-" + tag + "-x86_64-linux-gnu.so";
    found.import_suffixes = {found.ext_suffix};
    if (tag != "314t") found.import_suffixes.emplace_back(".abi3.so");
    found.import_suffixes.emplace_back(".so");
    return found;
  };
  const BinaryTarget target{std::string("/some/where/") + GetParam().file, "", "", ""};
  EXPECT_EQ(importable_by(target, interpreter("314")), GetParam().release_314);
  EXPECT_EQ(importable_by(target, interpreter("314d")), GetParam().debug_314);
  EXPECT_EQ(importable_by(target, interpreter("314t")), GetParam().free_threaded_314);
}

INSTANTIATE_TEST_SUITE_P(Endings, ImportableBy,
                         testing::Values(Case{"_m.cpython-314-x86_64-linux-gnu.so", true, false, false},
                                         Case{"_m.cpython-314d-x86_64-linux-gnu.so", false, true, false},
                                         Case{"_m.cpython-314t-x86_64-linux-gnu.so", false, false, true},
                                         Case{"_m.cpython-313-x86_64-linux-gnu.so", false, false, false},
                                         Case{"_m.abi3.so", true, true, false},  //
                                         Case{"_m.so", true, true, true},        //
                                         Case{"_m.cpython-314-darwin.so", false, false, false},
                                         Case{"_m.cp314-win_amd64.pyd", false, false, false},
                                         Case{"libfoo.so.1", false, false, false}, Case{".so", false, false, false}));

TEST(ImportableBy, AnInterpreterThatListsNoEndingsStillImportsItsOwn) {
  model::Interpreter interpreter;
  interpreter.ext_suffix = ".cpython-314-x86_64-linux-gnu.so";
  EXPECT_TRUE(importable_by({"_m.cpython-314-x86_64-linux-gnu.so", "", "", ""}, interpreter));
  EXPECT_FALSE(importable_by({"_m.abi3.so", "", "", ""}, interpreter));
}

}  // namespace
}  // namespace isoaudit::analyzer
