// Archives as libarchive itself writes them; the broken and hostile ones are in tests/e2e/bad_archives.py.
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/archive/member_name.h"
#include "analyzer/archive/read_archive.h"
#include "analyzer/targets/find_targets.h"
#include "tests/targets/scratch_folder.h"

namespace isoaudit::analyzer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Members = std::vector<std::pair<std::string, std::string>>;

std::string pack(const ScratchFolder& folder, const std::string& name, const Members& members) {
  const std::string path = (folder.root / name).string();
  archive* writer = archive_write_new();
  if (name.ends_with(".whl")) {
    archive_write_set_format_zip(writer);
  } else {
    archive_write_set_format_gnutar(writer);
    archive_write_add_filter_gzip(writer);
  }
  EXPECT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  for (const auto& [member, content] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_free(writer);
  return path;
}

constexpr const char* wheel_name = "pkg-1.0-cp314-cp314-any.whl";

TEST(ReadMembers, HandsOverWhatIsWantedAndSaysWhatIsMissing) {
  const ScratchFolder folder;
  for (const char* name : {wheel_name, "pkg-1.0.tar.gz"}) {
    const std::string path = pack(folder, name, {{"a", "one"}, {"./b/c", std::string(200'000, 'x')}, {"d", ""}});
    Members read;
    const auto take = [&](const std::string& member, std::string bytes) {
      read.emplace_back(member, std::move(bytes));
    };
    const auto gaps = read_members(path, {"d", "b/c", "e"}, take);
    EXPECT_EQ(read, (Members{{"b/c", std::string(200'000, 'x')}, {"d", ""}})) << name;
    ASSERT_THAT(gaps, SizeIs(1));
    EXPECT_EQ(gaps[0].input, path + "/e");
  }
}

TEST(ReadMembers, TakesTheLastOfOneName) {
  const ScratchFolder folder;
  const std::string path = pack(folder, "x.tar.gz", {{"a", "first"}, {"b", "-"}, {"a", "last"}});
  std::string read;
  EXPECT_THAT(read_members(path, {"a"}, [&](const std::string&, const std::string& bytes) { read += bytes; }),
              IsEmpty());
  EXPECT_EQ(read, "last");
}

TEST(ReadMembers, KeepsItsLimits) {
  const ScratchFolder folder;
  const std::string path = pack(folder, wheel_name, {{"a", "small"}, {"b", std::string(5000, 'x')}});
  const auto reasons = [&](const ArchiveLimits& limits) {
    std::string found;
    for (const auto& gap : read_members(path, {"a", "b"}, [](const std::string&, const std::string&) {}, limits)) {
      found += gap.input.substr(path.size()) + " " + gap.reason + "\n";
    }
    return found;
  };
  EXPECT_EQ(reasons({}), "");
  EXPECT_EQ(reasons({.member = 4999}), "/b is larger than 4999 bytes (--max-member-size)\n");
  EXPECT_THAT(reasons({.total = 5004}), HasSubstr("unpacks to more than 5004 bytes (--max-archive-size)"));
  EXPECT_THAT(reasons({.members = 1}), HasSubstr("holds more than 1 members (--max-members)"));
  EXPECT_THAT(reasons({.ratio = 2, .ratio_from = 1000}), HasSubstr("a bomb (--max-archive-ratio)"));
}

TEST(UnpackArchive, WritesWhereItIsToldAndOverNothing) {
  const ScratchFolder folder;
  const std::string path = pack(folder, wheel_name, {{"a", "1"}, {"s/b", "2"}, {"c", "3"}});
  const ScratchFolder target;
  target.write("there", "old");
  const auto place = [](std::string_view member) {
    return member == "a" ? std::string("there") : member == "c" ? std::string() : "x/" + std::string(member);
  };
  const auto gaps = unpack_archive(path, target.root.string(), place, {});
  ASSERT_THAT(gaps, SizeIs(1));
  EXPECT_THAT(gaps[0].reason, HasSubstr("exists"));
  EXPECT_TRUE(std::filesystem::exists(target.root / "x/s/b"));
  EXPECT_FALSE(std::filesystem::exists(target.root / "c"));
  std::ifstream old(target.root / "there");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(old), {}), "old");
}

TEST(ArchiveTargets, MembersOfAWheelAreNamedBelowItsRoot) {
  const ScratchFolder folder;
  const std::string path = pack(folder, wheel_name,
                                {{"pkg/sub/_x.cpython-314-x86_64-linux-gnu.so", "1"},
                                 {"pkg.libs/libfoo-1.so", "2"},
                                 {"pkg-1.0.data/platlib/_y.so", "3"},
                                 {"pkg-1.0.data/scripts/_z.so", "4"},
                                 {"pkg-1.0.dist-info/RECORD", ""},
                                 {"pkg/stray.c", ""}});
  const Targets targets = find_targets({.named = {path}});
  std::vector<std::string> found;
  for (const BinaryTarget& target : targets.binaries) {
    EXPECT_EQ(target.path, target.archive + "/" + target.member);
    found.push_back(target.module + " in '" + target.import_root + "'" + (target.off_path ? " off path" : ""));
  }
  EXPECT_THAT(found, ElementsAre("_y in ''", "_z in '' off path", "libfoo-1 in 'pkg.libs'", "pkg.sub._x in ''"));
  EXPECT_THAT(targets.gaps, IsEmpty());
  EXPECT_THAT(targets.source_archives, IsEmpty());
}

TEST(ArchiveTargets, ASourceArchiveWithSourcesIsBothKinds) {
  const ScratchFolder folder;
  const std::string path =
      pack(folder, "pkg-1.0.tar.gz",
           {{"pkg-1.0/pkg/__init__.py", ""}, {"pkg-1.0/pkg/_x.abi3.so", "1"}, {"pkg-1.0/src/a.cc", ""}});
  const Targets targets = find_targets({.named = {path}});
  ASSERT_THAT(targets.binaries, SizeIs(1));
  EXPECT_EQ(targets.binaries[0].module, "pkg._x");
  EXPECT_EQ(targets.binaries[0].import_root, "pkg-1.0");
  EXPECT_THAT(targets.source_archives, ElementsAre(path));
}

TEST(ArchiveTargets, WheelsInAFolderAreOpenedAndOtherArchivesAreNot) {
  const ScratchFolder folder;
  pack(folder, wheel_name, {{"_x.so", "1"}});
  pack(folder, "data.tar.gz", {{"_y.so", "1"}});
  const Targets targets = find_targets({.named = {folder.root.string()}});
  ASSERT_THAT(targets.binaries, SizeIs(1));
  EXPECT_EQ(targets.binaries[0].member, "_x.so");
  EXPECT_FALSE(targets.binaries[0].named);
}

TEST(ArchiveTargets, AWheelNamedTwiceIsOpenedOnce) {
  const ScratchFolder folder;
  const std::string path = pack(folder, wheel_name, {{"_x.so", "1"}});
  EXPECT_THAT(find_targets({.named = {path, folder.root.string(), path}}).binaries, SizeIs(1));
}

struct NameCase {
  std::string raw;
  std::string path;
  std::string problem;
};

class MemberNames : public testing::TestWithParam<NameCase> {};

TEST_P(MemberNames, StayBelowTheFolderOrAreAProblem) {
  const MemberName name = member_name(GetParam().raw);
  EXPECT_EQ(name.path, GetParam().path);
  if (GetParam().problem.empty()) {
    EXPECT_EQ(name.problem, "");
  } else {
    EXPECT_THAT(name.problem, HasSubstr(GetParam().problem));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, MemberNames,
    testing::Values(NameCase{"a/b.so", "a/b.so", ""}, NameCase{"./a//./b/", "a/b", ""}, NameCase{"a..b", "a..b", ""},
                    NameCase{"", "", "no name"}, NameCase{"./", "./", "no name"},
                    NameCase{"/etc/passwd", "/etc/passwd", "absolute"}, NameCase{"\\x", "\\x", "absolute"},
                    NameCase{"c:/x", "c:/x", "absolute"}, NameCase{"../x", "../x", "\"..\""},
                    NameCase{"a/../../x", "a/../../x", "\"..\""}, NameCase{"a/..", "a/..", "\"..\""},
                    NameCase{"ñ.so", "ñ.so", ""}, NameCase{"caf\xe9", "caf?", "no UTF-8"},
                    NameCase{"a\nb", "a?b", "control"}, NameCase{"\xed\xa0\x80", "???", "no UTF-8"},
                    NameCase{"\xc0\xaf", "??", "no UTF-8"},
                    NameCase{std::string(5000, 'x'), std::string(60, 'x') + "...", "longer"}));

}  // namespace
}  // namespace isoaudit::analyzer
