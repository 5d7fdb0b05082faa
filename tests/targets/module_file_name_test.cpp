#include "model/module_file_name.h"

#include <gtest/gtest.h>

namespace isoaudit::model {
namespace {

struct Case {
  const char* file;
  const char* stem;
  const char* tag;
  const char* versions;
};

std::string text_of(const TagVersions& tag) {
  std::string text;
  for (const PythonVersion& version : tag.versions) text += version.str() + (tag.free_threaded ? "t " : " ");
  if (!text.empty()) text.pop_back();
  return text;
}

class ModuleFileNames : public testing::TestWithParam<Case> {};

TEST_P(ModuleFileNames, SayStemTagAndVersions) {
  const auto name = parse_module_file_name(GetParam().file);
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->stem, GetParam().stem);
  EXPECT_EQ(name->abi_tag, GetParam().tag);
  EXPECT_EQ(text_of(versions_of_tag(name->abi_tag)), GetParam().versions);
}

INSTANTIATE_TEST_SUITE_P(Names, ModuleFileNames,
                         testing::Values(Case{"_m.cpython-314-x86_64-linux-gnu.so", "_m", "cpython-314", "3.14"},
                                         Case{"_m.cpython-313d-x86_64-linux-gnu.so", "_m", "cpython-313d", "3.13"},
                                         Case{"_m.cpython-314t-x86_64-linux-gnu.so", "_m", "cpython-314t", "3.14t"},
                                         Case{"_m.cpython-314td-x86_64-linux-gnu.so", "_m", "cpython-314td", "3.14t"},
                                         Case{"_m.cpython-311-x86_64-linux-gnu.so", "_m", "cpython-311", ""},
                                         Case{"_m.abi3.so", "_m", "abi3", "3.12 3.13 3.14 3.15"},
                                         Case{"_m.abi3t.so", "_m", "abi3t", "3.15t"},
                                         Case{"_m.so", "_m", "", "3.12 3.13 3.14 3.15"},
                                         Case{"_m.cp314-win_amd64.pyd", "_m", "cp314-win_amd64", "3.14"},
                                         Case{"_m.cp313t-win32.pyd", "_m", "cp313t-win32", "3.13t"},
                                         Case{"_m.pyd", "_m", "", "3.12 3.13 3.14 3.15"},
                                         Case{"_m.cpython-312-darwin.so", "_m", "cpython-312", "3.12"},
                                         Case{"_m.pypy310-pp73-x86_64-linux-gnu.so", "_m", "pypy310-pp73", ""},
                                         Case{"81d243bd2c585b0f4821__mypyc.cpython-314-x86_64-linux-gnu.so",
                                              "81d243bd2c585b0f4821__mypyc", "cpython-314", "3.14"},
                                         Case{"lib.with.dots.so", "lib.with.dots", "", "3.12 3.13 3.14 3.15"}));

TEST(ModuleFileNames, OtherEndingsAreNoModules) {
  for (const char* name : {"libfoo.so.1", "a.py", "so", ".so", ".pyd", "", "a.so.bak"}) {
    EXPECT_FALSE(parse_module_file_name(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace isoaudit::model
