#include "tests/fuzz/check_image.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace isoaudit::fuzz {
namespace {

void demand(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "isoaudit_fuzz: broken promise: %s\n", promise);
  std::abort();
}

}  // namespace

void check_image(const analyzer::Image& image) {
  demand(image.pointer_size == 4 || image.pointer_size == 8, "a pointer has 4 or 8 bytes");
  demand(std::ranges::is_sorted(image.sections, {}, &analyzer::Section::address), "sections are sorted");
  const auto file = image.file->bytes();
  for (const analyzer::Section& section : image.sections) {
    demand(section.size != 0, "a section has bytes");
    demand(section.address + section.size >= section.address, "a section does not run over the address space's end");
    demand(section.bytes.size() <= section.size, "a section has no more bytes in the file than in memory");
    demand(section.bytes.empty() || (section.bytes.data() >= file.data() &&
                                     section.bytes.data() + section.bytes.size() <= file.data() + file.size()),
           "a section's bytes lie in the file");
  }
  demand(std::ranges::is_sorted(image.symbols, {}, &analyzer::Symbol::address), "symbols are sorted");
  for (const analyzer::Symbol& symbol : image.symbols) {
    demand(symbol.unit <= image.units.size(), "a symbol's unit is one of the image's");
  }
  demand(std::ranges::adjacent_find(image.relocations, std::ranges::greater_equal{}, &analyzer::Relocation::at) ==
             image.relocations.end(),
         "relocations are sorted, one for a place");
  for (const analyzer::Relocation& relocation : image.relocations) {
    demand(relocation.name <= image.names.size(), "a relocation's name is one of the image's");
  }
  demand(std::ranges::is_sorted(image.imports), "imports are sorted");
}

}  // namespace isoaudit::fuzz
