// ELF files whose tables lie: what the dynamic linker goes by must count, and nothing may cost more than the file does.
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "analyzer/image/image.h"
#include "tests/binary/build_module.h"

namespace isoaudit::analyzer {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* source =
    "static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_m\"};\n"
    "PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }\n";

class ElfTables : public testing::Test {
 protected:
  void build(const std::string& text) {
    folder.build("_m.so", text);
    bytes = folder.read("_m.so");
  }

  template <class T>
  T& at(std::uint64_t offset) {
    return *reinterpret_cast<T*>(bytes.data() + offset);
  }

  void each_section(const std::function<void(Elf64_Shdr&)>& change) {
    const auto header = at<Elf64_Ehdr>(0);
    for (unsigned i = 0; i < header.e_shnum; ++i) change(at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
  }

  ImageResult read() { return read_image(hold_bytes(bytes)); }

  static std::vector<std::string> exports(const Image& image) {
    std::vector<std::string> names;
    for (const Symbol& symbol : image.symbols) {
      if (symbol.exported) names.push_back(symbol.name);
    }
    return names;
  }

  tests::ModuleFolder folder;
  std::string bytes;
};

TEST_F(ElfTables, SectionHeadersThatHideTheDynamicTablesHideNothing) {
  build(source);
  const ImageResult honest = read();
  ASSERT_TRUE(honest.image);
  each_section([](Elf64_Shdr& section) {
    if (section.sh_type == SHT_DYNSYM || section.sh_type == SHT_RELA || section.sh_type == SHT_DYNAMIC) {
      section.sh_type = SHT_PROGBITS;
    }
  });
  const ImageResult hidden = read();
  ASSERT_TRUE(hidden.image);
  EXPECT_THAT(exports(*hidden.image), Contains("PyInit__m"));
  EXPECT_TRUE(hidden.image->imports_symbol("PyModuleDef_Init"));
  EXPECT_THAT(hidden.image->relocations, Not(IsEmpty()));
  EXPECT_EQ(hidden.image->relocations.size(), honest.image->relocations.size());
  EXPECT_EQ(hidden.image->libraries, honest.image->libraries);
}

TEST_F(ElfTables, ASectionThatClaimsSymbolsElsewhereIsNotBelieved) {
  build(source);
  each_section([](Elf64_Shdr& section) {
    if (section.sh_type == SHT_DYNSYM) section.sh_size = 0;
  });
  const ImageResult result = read();
  ASSERT_TRUE(result.image);
  EXPECT_THAT(exports(*result.image), Contains("PyInit__m"));
}

TEST_F(ElfTables, NamesThatOverlapWithoutEndAreRefused) {
  std::string text = source;
  text += "int " + std::string(30'000, 'x') + ";\n";
  for (int i = 0; i < 400; ++i) text += "int v" + std::to_string(i) + ";\n";
  build(text);
  ASSERT_TRUE(read().image);
  // Every symbol gets the long name.
  std::uint32_t longest = 0;
  std::uint64_t names = 0;
  each_section([&](Elf64_Shdr& section) {
    if (section.sh_type == SHT_DYNSYM) {
      const auto header = at<Elf64_Ehdr>(0);
      names = at<Elf64_Shdr>(header.e_shoff + section.sh_link * sizeof(Elf64_Shdr)).sh_offset;
    }
  });
  each_section([&](Elf64_Shdr& section) {
    if (section.sh_type != SHT_DYNSYM) return;
    const std::size_t count = section.sh_size / sizeof(Elf64_Sym);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t name = at<Elf64_Sym>(section.sh_offset + i * sizeof(Elf64_Sym)).st_name;
      if (std::strlen(bytes.data() + names + name) > 20'000) longest = name;
    }
    for (std::size_t i = 1; i < count; ++i) at<Elf64_Sym>(section.sh_offset + i * sizeof(Elf64_Sym)).st_name = longest;
  });
  ASSERT_NE(longest, 0u);
  EXPECT_THAT(read().error, HasSubstr("names overlap without end"));
}

TEST_F(ElfTables, SymbolsOfBothTablesAreThereOnce) {
  build(std::string(source) + "int seen; static int hidden; int *use(void) { return &hidden; }\n");
  const ImageResult result = read();
  ASSERT_TRUE(result.image);
  const auto count = [&](std::string_view name) {
    return std::ranges::count(result.image->symbols, name, &Symbol::name);
  };
  EXPECT_EQ(count("seen"), 1);
  EXPECT_EQ(count("hidden"), 1);
  EXPECT_THAT(exports(*result.image), Contains("seen"));
  EXPECT_THAT(exports(*result.image), Not(Contains("hidden")));
  EXPECT_TRUE(std::ranges::is_sorted(result.image->symbols, {}, &Symbol::address));
  EXPECT_TRUE(std::ranges::is_sorted(result.image->relocations, {}, &Relocation::at));
}

}  // namespace
}  // namespace isoaudit::analyzer
