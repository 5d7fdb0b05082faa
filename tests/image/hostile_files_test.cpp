// Files that end too early or lie about themselves give an error that says why; none costs a crash, an endless loop or
// memory beyond its own size.
#include <cstring>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/image/image.h"
#include "tests/image/build_foreign.h"

namespace isoaudit::analyzer {
namespace {

using tests::ForeignFolder;

constexpr const char* source = R"(
IMPORT void *PyModuleDef_Init(PyModuleDef *);
static PyModuleDef_Slot slots[] = {{3, (void *)2}, {0, 0}};
static PyModuleDef def = {HEAD, "demo", 0, 0, 0, slots};
EXPORT void *PyInit_demo(void) { return PyModuleDef_Init(&def); }
)";

std::string error_of(const std::string& bytes) {
  const ImageResult result = read_image(hold_bytes(bytes));
  return result.image ? "" : result.error;
}

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  ASSERT_LE(at + sizeof value, bytes.size());
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <class T>
T get(const std::string& bytes, std::size_t at) {
  T value{};
  if (at + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Small modules of every format and encoding.
std::vector<std::string> all_formats(const ForeignFolder& folder) {
  std::vector<std::string> files;
  for (const char* machine : {"x86_64", "aarch64", "i686"}) {
    folder.build_windows("demo.pyd", source, machine);
    files.push_back(folder.read("demo.pyd"));
  }
  for (const bool chained : {true, false}) {
    folder.build_macos("arm.so", source, "arm64", chained);
    folder.build_macos("intel.so", source, "x86_64", chained);
    files.push_back(folder.read("arm.so"));
    files.push_back(folder.read("intel.so"));
  }
  folder.join_slices("both.so", folder.path("arm.so"), folder.path("intel.so"));
  files.push_back(folder.read("both.so"));
  return files;
}

void expect_an_answer(const std::string& bytes) {
  const BinaryResult result = collect_binary({"demo.so", "", "", hold_bytes(bytes)});
  if (result.facts) return;
  ASSERT_FALSE(result.gaps.empty());
  EXPECT_EQ(result.gaps.front().input, "demo.so");
  EXPECT_FALSE(result.gaps.front().reason.empty());
}

TEST(HostileFile, EndsAnywhere) {
  const ForeignFolder folder;
  for (const std::string& file : all_formats(folder)) {
    for (std::size_t size = 1; size < file.size(); size += size < 2048 ? 13 : 251)
      expect_an_answer(file.substr(0, size));
  }
}

TEST(HostileFile, HasAnyByteChanged) {
  const ForeignFolder folder;
  for (const std::string& file : all_formats(folder)) {
    // Most of a Mach-O file is padding.
    for (std::size_t at = 0; at < file.size(); ++at) {
      if (at > 1024 && file[at] == 0) continue;
      for (const char other : {'\xFF', '\x80', '\x01'}) {
        std::string changed = file;
        changed[at] = other;
        expect_an_answer(changed);
      }
    }
  }
}

// --- Windows --------------------------------------------------------------------------------------------------------

class HostileWindowsFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_.build_windows("demo.pyd", source);
    bytes_ = folder_.read("demo.pyd");
    header_ = get<std::uint32_t>(bytes_, 0x3C) + 4;
    directories_ = header_ + 20 + 112;
    sections_ = header_ + 20 + get<std::uint16_t>(bytes_, header_ + 16);
    ASSERT_EQ(error_of(bytes_), "");
  }

  /// The place in the file of an address counted from the image's base.
  std::size_t place(std::uint32_t rva) const {
    for (unsigned i = 0; i < get<std::uint16_t>(bytes_, header_ + 2); ++i) {
      const std::size_t at = sections_ + i * 40;
      const auto begin = get<std::uint32_t>(bytes_, at + 12), size = get<std::uint32_t>(bytes_, at + 16);
      if (rva >= begin && rva - begin < size) return get<std::uint32_t>(bytes_, at + 20) + rva - begin;
    }
    ADD_FAILURE() << "no section holds " << rva;
    return 0;
  }

  std::size_t table(unsigned number) const { return place(get<std::uint32_t>(bytes_, directories_ + number * 8)); }

  ForeignFolder folder_{};
  std::string bytes_{};
  std::size_t header_ = 0, directories_ = 0, sections_ = 0;
};

TEST_F(HostileWindowsFile, IsForAnUnknownMachine) {
  put<std::uint16_t>(bytes_, header_, 0x0200);
  EXPECT_EQ(error_of(bytes_), "is a Windows module for machine 512: unknown");
}

TEST_F(HostileWindowsFile, IsAProgram) {
  put<std::uint16_t>(bytes_, header_ + 18, 0x0022);
  EXPECT_EQ(error_of(bytes_), "is a Windows program, not a DLL");
}

TEST_F(HostileWindowsFile, HasSectionsThatOverlap) {
  put(bytes_, sections_ + 40 + 12, get<std::uint32_t>(bytes_, sections_ + 12));
  EXPECT_EQ(error_of(bytes_), "is damaged: its sections overlap");
}

TEST_F(HostileWindowsFile, NamesMoreExportsThanItHolds) {
  put<std::uint32_t>(bytes_, table(0) + 24, 0x40000000);
  EXPECT_EQ(error_of(bytes_), "is damaged: its export table lies outside its sections");
}

TEST_F(HostileWindowsFile, ExportsANumberThatItDoesNotHave) {
  put<std::uint16_t>(bytes_, place(get<std::uint32_t>(bytes_, table(0) + 36)), 0xFFFF);
  EXPECT_EQ(error_of(bytes_), "is damaged: an export has an impossible number");
}

TEST_F(HostileWindowsFile, ImportsFromNowhere) {
  put<std::uint32_t>(bytes_, place(get<std::uint32_t>(bytes_, table(1))), 0x7FFFFFF0);
  EXPECT_EQ(error_of(bytes_), "is damaged: an imported name is no text");
}

TEST_F(HostileWindowsFile, HasARelocationBlockWithoutEnd) {
  put<std::uint32_t>(bytes_, table(5) + 4, 0xFFFFFFF0);
  EXPECT_EQ(error_of(bytes_), "is damaged: a relocation block has no end");
  put<std::uint32_t>(bytes_, table(5) + 4, 4);
  EXPECT_EQ(error_of(bytes_), "is damaged: a relocation block is too small");
}

TEST_F(HostileWindowsFile, RelocatesWhatItDoesNotHold) {
  put<std::uint32_t>(bytes_, table(5), 0x7FFF0000);
  EXPECT_EQ(error_of(bytes_), "is damaged: a relocation lies outside its sections");
}

// --- macOS ----------------------------------------------------------------------------------------------------------

class HostileMacFile : public testing::Test {
 protected:
  void build(bool chained) {
    folder_.build_macos("demo.so", source, "arm64", chained);
    bytes_ = folder_.read("demo.so");
    ASSERT_EQ(error_of(bytes_), "");
  }

  std::size_t command(std::uint32_t kind) const {
    std::size_t at = 32;
    for (unsigned i = 0; i < get<std::uint32_t>(bytes_, 16); ++i) {
      if (get<std::uint32_t>(bytes_, at) == kind) return at;
      at += get<std::uint32_t>(bytes_, at + 4);
    }
    ADD_FAILURE() << "no load command " << kind;
    return 0;
  }

  static constexpr std::uint32_t symbol_table = 2, segment = 0x19, dyld_info = 0x80000022, chained_fixups = 0x80000034;

  ForeignFolder folder_{};
  std::string bytes_{};
};

TEST_F(HostileMacFile, IsBigEndian) {
  EXPECT_EQ(error_of(std::string("\xFE\xED\xFA\xCF", 4) + std::string(64, '\0')),
            "is a big-endian Mach-O file: that byte order is not supported");
}

TEST_F(HostileMacFile, IsAJavaClass) {
  EXPECT_EQ(error_of(std::string("\xCA\xFE\xBA\xBE\0\0\0\x3D", 8) + std::string(64, 'x')),
            "is not a compiled module: neither a universal file nor a known one");
}

TEST_F(HostileMacFile, HasALoadCommandThatIsTooSmall) {
  build(true);
  put<std::uint32_t>(bytes_, 32 + 4, 4);
  EXPECT_EQ(error_of(bytes_), "is damaged: a load command is too small");
}

TEST_F(HostileMacFile, HasMoreSymbolsThanBytes) {
  build(true);
  put<std::uint32_t>(bytes_, command(symbol_table) + 12, 0x10000000);
  EXPECT_EQ(error_of(bytes_), "is cut short: its symbol table lies beyond its end");
}

TEST_F(HostileMacFile, HasASegmentBeyondItsEnd) {
  build(true);
  put<std::uint64_t>(bytes_, command(segment) + 48, 1u << 30);
  EXPECT_EQ(error_of(bytes_), "is cut short: its segment __TEXT lies beyond its end");
}

TEST_F(HostileMacFile, HasAChainThatLeavesItsSegment) {
  build(true);
  const std::size_t table = get<std::uint32_t>(bytes_, command(chained_fixups) + 8);
  const std::size_t starts = table + get<std::uint32_t>(bytes_, table + 4);
  for (unsigned i = 0; i < get<std::uint32_t>(bytes_, starts); ++i) {
    const auto offset = get<std::uint32_t>(bytes_, starts + 4 + i * 4);
    if (offset != 0) put<std::uint16_t>(bytes_, starts + offset + 22, 0x3FFE);
  }
  EXPECT_EQ(error_of(bytes_), "is damaged: a chain leaves its segment");
}

TEST_F(HostileMacFile, HasChainsOfAnUnknownKind) {
  build(true);
  const std::size_t table = get<std::uint32_t>(bytes_, command(chained_fixups) + 8);
  const std::size_t starts = table + get<std::uint32_t>(bytes_, table + 4);
  for (unsigned i = 0; i < get<std::uint32_t>(bytes_, starts); ++i) {
    const auto offset = get<std::uint32_t>(bytes_, starts + 4 + i * 4);
    if (offset != 0) put<std::uint16_t>(bytes_, starts + offset + 6, 10);
  }
  EXPECT_EQ(error_of(bytes_), "has chained fixups of kind 10, which is not read");
}

/// The table of rebase opcodes is replaced by these bytes, at the end of the file.
std::string with_rebases(std::string bytes, std::size_t info, const std::string& opcodes) {
  put(bytes, info + 8, static_cast<std::uint32_t>(bytes.size()));
  put(bytes, info + 12, static_cast<std::uint32_t>(opcodes.size()));
  return bytes + opcodes;
}

TEST_F(HostileMacFile, RebasesWithoutEnd) {
  build(false);
  const std::size_t info = command(dyld_info);
  // Pointer type, segment 1 at 0, then: as many times as 64 bits can say.
  const std::string huge = std::string("\x11\x21\x00\x60", 4) + std::string(9, '\xFF') + '\x01';
  EXPECT_EQ(error_of(with_rebases(bytes_, info, huge)), "is damaged: a pointer lies outside its segment");
  // The same word over and over: the distance between two wraps round.
  const std::string again =
      std::string("\x11\x21\x00\x80", 4) + std::string(9, '\xFF') + '\x01' + '\xF8' + std::string(8, '\xFF') + '\x01';
  EXPECT_EQ(error_of(with_rebases(bytes_, info, again)), "is damaged: it has more pointers than room for them");
  EXPECT_EQ(error_of(with_rebases(bytes_, info, std::string("\x2F\x00\x51", 3))),
            "is damaged: a pointer lies in a segment that it does not have");
  EXPECT_EQ(error_of(with_rebases(bytes_, info, std::string("\x21\xFF", 2))),
            "is damaged: its table of pointers ends in the middle");
}

}  // namespace
}  // namespace isoaudit::analyzer
