#include <gtest/gtest.h>

#include "analyzer/binary/collect_binary.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

constexpr const char* start =
    "// c++\n"
    "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"demo\", 0, 0};\n"
    "PyMODINIT_FUNC PyInit_demo(void) { return PyModuleDef_Init(&def); }\n";

constexpr const char* holdings =
    "int filled[1000] = {1}, zeros[2000]; thread_local char own[500] = {1}; thread_local char more[300];\n"
    "int touch(int i) { return filled[i] += zeros[i] += own[i] += more[i]; }\n"
    "struct Counter { Counter(); ~Counter(); int n; };\n"
    "Counter::Counter() : n(zeros[3]) {}\n"
    "Counter::~Counter() {}\n"
    "Counter counter;\n"
    "__attribute__((constructor)) void first() { ++zeros[4]; }\n"
    "Counter &on_first_use() { static Counter one; return one; }\n";

model::Footprint footprint(const std::string& source, const std::string& flags) {
  const tests::ModuleFolder folder;
  const BinaryResult result = collect_binary({folder.build(tests::tagged("demo"), source, flags), "", ""});
  EXPECT_TRUE(result.facts);
  return result.facts ? result.facts->footprint : model::Footprint{};
}

class Footprint : public testing::TestWithParam<const char*> {};

TEST_P(Footprint, CountsWhatTheSourceAdds) {
  const model::Footprint before = footprint(start, GetParam());
  const model::Footprint after = footprint(std::string(start) + holdings, GetParam());
  EXPECT_EQ(before.constructors, 0u);
  EXPECT_EQ(after.constructors, 2u);
  EXPECT_FALSE(before.static_guards);
  EXPECT_TRUE(after.static_guards);
  // As much as the source adds, and the compiler's padding.
  const auto grows = [](std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
    return to - from >= bytes && to - from < bytes + 100;
  };
  EXPECT_TRUE(grows(before.data, after.data, 4000)) << before.data << " " << after.data;
  EXPECT_TRUE(grows(before.zero, after.zero, 8000)) << before.zero << " " << after.zero;
  EXPECT_TRUE(grows(before.thread_local_, after.thread_local_, 800)) << after.thread_local_;
  EXPECT_EQ(before.thread_local_, 0u);
}

INSTANTIATE_TEST_SUITE_P(Strippings, Footprint, testing::Values("-O1", "-O1 -s"));

}  // namespace
}  // namespace isoaudit::analyzer
