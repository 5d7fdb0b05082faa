// Whatever a file is, collect_binary gives a gap that names it and says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>

#include "analyzer/binary/collect_binary.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* good_source =
    "static PyModuleDef_Slot slots[] = {{3, (void *)2}, {0}};\n"
    "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\", 0, 0, 0, slots};\n"
    "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n";

class BadFiles : public testing::Test {
 protected:
  std::string reason(const std::string& path) {
    const BinaryResult result = collect_binary({path, "", ""});
    EXPECT_FALSE(result.facts.has_value());
    EXPECT_FALSE(result.not_an_extension);
    if (result.gaps.size() != 1) return "not one gap";
    EXPECT_EQ(result.gaps[0].input, path);
    return result.gaps[0].reason;
  }

  tests::ModuleFolder folder;
};

TEST_F(BadFiles, EachSaysWhatItIs) {
  EXPECT_EQ(reason(folder.write("empty.so", "")), "is empty");
  EXPECT_EQ(reason(folder.write("text.so", "/* GNU ld script */\nGROUP ( libm.so.6 )\n")),
            "is a text file, not a compiled module");
  EXPECT_EQ(reason(folder.write("junk.so", std::string("\x01\x02\x03\x00\xff", 5))),
            "is not a compiled module: unknown format");
  EXPECT_EQ(reason(folder.path("nowhere.so")), "cannot be read: No such file or directory");
  EXPECT_EQ(reason(folder.path("")), "is a folder, not a file");
  EXPECT_THAT(reason(folder.write("m.pyd", "MZ\x90")), HasSubstr("DOS header"));
  EXPECT_THAT(reason(folder.write("m.so", "\xcf\xfa\xed\xfe____")), HasSubstr("Mach-O header"));
  EXPECT_EQ(reason(folder.write("short.so",
                                "\x7f"
                                "ELF")),
            "is cut short: its ELF header is incomplete");
  ASSERT_EQ(mkfifo(folder.path("pipe.so").c_str(), 0600), 0);
  EXPECT_EQ(reason(folder.path("pipe.so")), "is not a regular file");
}

TEST_F(BadFiles, AnObjectFileIsNotLinked) {
  folder.build("_m.so", good_source);
  std::string bytes = folder.read("_m.so");
  bytes[16] = 1;  // e_type: ET_REL
  EXPECT_THAT(reason(folder.write("_m.so", bytes)), HasSubstr("has not been linked"));
}

TEST_F(BadFiles, ATruncatedModuleIsAlwaysAGap) {
  const std::string whole = (folder.build("_m.so", good_source), folder.read("_m.so"));
  for (std::size_t size = 0; size < whole.size(); size += 61) {
    const std::string path = folder.write("cut.so", whole.substr(0, size));
    EXPECT_NE(reason(path), "not one gap") << size;
  }
}

TEST_F(BadFiles, AModuleForAnotherMachineIsStillInspected) {
  folder.build("_m.so", good_source);
  std::string bytes = folder.read("_m.so");
  bytes[18] = static_cast<char>(0xF3), bytes[19] = 0;  // e_machine: RISC-V
  const BinaryResult result = collect_binary({folder.write("_m.so", bytes), "", ""});
  ASSERT_TRUE(result.facts.has_value());
  EXPECT_EQ(result.facts->arch, "riscv64");
  ASSERT_THAT(result.facts->entry_points, testing::Not(testing::IsEmpty()));
  EXPECT_EQ(result.facts->entry_points[0].entry.symbol, "PyInit__m");
}

/// Damage anywhere: facts or a gap, never a crash, never neither.
TEST_F(BadFiles, DamagedModulesAreFactsOrGaps) {
  const std::string whole = (folder.build("_m.so", good_source), folder.read("_m.so"));
  std::mt19937 random(20260101);
  for (int round = 0; round < 400; ++round) {
    std::string bytes = whole;
    const int changes = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < changes; ++i) {
      // Headers and tables are at both ends; half of the damage goes there.
      const std::size_t span = random() % 2 == 0 ? 0x400 : bytes.size();
      const std::size_t from_end = random() % 4 == 0 ? bytes.size() - span : 0;
      bytes[from_end + random() % span] = static_cast<char>(random());
    }
    const BinaryResult result = collect_binary({folder.write("bad.so", bytes), "", ""});
    EXPECT_TRUE(result.facts.has_value() || !result.gaps.empty()) << round;
  }
}

}  // namespace
}  // namespace isoaudit::analyzer
