#include "analyzer/targets/columns.h"

#include <gtest/gtest.h>

#include "analyzer/targets/path_list.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

BinaryTarget target(const std::string& path) {
  BinaryTarget found;
  found.path = path;
  const std::size_t wheel = path.find(".whl/");
  if (wheel != std::string::npos) found.archive = path.substr(0, wheel + 4);
  found.import_root = path.substr(0, path.rfind('/'));
  found.abi_tag = model::parse_module_file_name(path.substr(path.rfind('/') + 1))->abi_tag;
  return found;
}

std::string columns(const std::vector<std::string>& paths) {
  std::vector<BinaryTarget> targets;
  for (const std::string& path : paths) targets.push_back(target(path));
  std::string ids;
  for (const model::Interpreter& column : columns_of(targets)) {
    EXPECT_TRUE(column.executable.empty());
    if (!ids.empty()) ids += ' ';
    ids += column.id;
  }
  return ids;
}

TEST(Columns, AVersionsOwnTagSpeaksForThatVersion) {
  EXPECT_EQ(columns({"d/_m.cpython-314-x86_64-linux-gnu.so"}), "3.14");
  EXPECT_EQ(columns({"d/_m.cpython-313t-darwin.so", "d/_m.cp312-win_amd64.pyd"}), "3.12 3.13t");
  EXPECT_EQ(columns({"d/_m.cpython-311-x86_64-linux-gnu.so"}), "");
}

TEST(Columns, TheStableAbiSpeaksForAllThatLoadIt) {
  EXPECT_EQ(columns({"d/_m.abi3.so"}), "3.12 3.13 3.14 3.15");
  EXPECT_EQ(columns({"x-1-cp314-abi3-any.whl/_m.abi3.so"}), "3.14 3.15");
}

TEST(Columns, APlainNameSpeaksOnlyWhereNothingIsMoreExact) {
  EXPECT_EQ(columns({"d/_m.so"}), "3.12 3.13 3.14 3.15");
  EXPECT_EQ(columns({"d/_m.pyd"}), "3.12 3.13 3.14 3.15");
  EXPECT_EQ(columns({"d/libhelper.so", "d/_m.cpython-314-x86_64-linux-gnu.so"}), "3.14");
  EXPECT_EQ(columns({"x-1-cp313-cp313t-any.whl/_m.so"}), "3.13t");
}

TEST(Columns, TheFolderOfAVersionDecides) {
  EXPECT_EQ(columns({"v/lib/python3.13/site-packages/_m.abi3.so"}), "3.13");
  EXPECT_EQ(columns({"v/lib/python3.14t/site-packages/_m.so"}), "");
  EXPECT_EQ(columns({"v/python3.13-things/_m.abi3.so"}), "3.12 3.13 3.14 3.15");
}

TEST(PathLists, AreSeparatedByNulOrNewline) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(split_path_list("a\nb c\r\n\n d\n"), (Paths{"a", "b c", " d"}));
  EXPECT_EQ(split_path_list(std::string_view("a\nb\0c\0", 6)), (Paths{"a\nb", "c"}));
  EXPECT_EQ(split_path_list(""), Paths{});
}

}  // namespace
}  // namespace isoaudit::analyzer
