#include "loader_probe/inside/tables.h"

#include <algorithm>
#include <set>

namespace isoaudit::inside {
namespace {

constexpr std::size_t kSteps = 4;
/// In all of what one pointer leads to: a table is small, and a database is none.
constexpr std::size_t kMaxWords = 1 << 13;

bool may_be_pointer(std::uint64_t word) { return word % 8 == 0 && word >= 65536 && word >> 47 == 0; }

}  // namespace

// As glibc lays its heap out
// (malloc/malloc.c, malloc_chunk): the size and three flags stand before the block, and the lowest flag of the next
// chunk tells that this one is in use.
std::size_t malloc_block(std::uintptr_t address, const std::vector<ImageRange>& heap) {
  constexpr std::uint64_t flags = 7;
  constexpr std::uint64_t in_use = 1;
  constexpr std::uint64_t own_mapping = 2;
  constexpr std::uint64_t least = 32;
  if (address % 16 != 0 || !in_ranges(heap, address - 16, least)) return 0;
  const std::uint64_t head = word_at(address - 8);
  const std::uint64_t size = head & ~flags;
  if (size < least || size % 16 != 0 || size > kMaxWords * 8 || (head & own_mapping) != 0) return 0;
  if (!in_ranges(heap, address, size) || (word_at(address + size - 8) & in_use) == 0) return 0;
  return size - 8;
}

std::vector<LeadsTo> one_sided_table(std::uintptr_t address, const std::vector<Inventory>& inventories,
                                     const std::vector<ImageRange>& heap) {
  std::set<const Inventory*> owners;
  std::vector<LeadsTo> found;
  std::set<std::uintptr_t> known = {address};
  std::vector<std::uintptr_t> blocks = {address};
  std::size_t words = 0;
  for (std::size_t steps = 0; steps < kSteps && !blocks.empty(); ++steps) {
    std::vector<std::uintptr_t> next;
    for (const std::uintptr_t block : blocks) {
      const std::size_t size = malloc_block(block, heap);
      words += size / 8;
      // Too much to say that somebody has nothing there.
      if (words > kMaxWords) return {};
      for (std::size_t offset = 0; offset + 8 <= size; offset += 8) {
        const std::uint64_t word = word_at(block + offset);
        if (!may_be_pointer(word) || !in_ranges(heap, word)) continue;
        bool is_object = false;
        for (const Inventory& inventory : inventories) {
          if (!contains(inventory.objects, word)) continue;
          is_object = true;
          owners.insert(&inventory);
          found.push_back({&inventory, word});
        }
        if (!is_object && known.insert(word).second) next.push_back(word);
      }
    }
    blocks = std::move(next);
  }
  if (owners.empty()) return {};
  const auto has_nothing = [&](const Inventory& inventory) {
    return inventory.has_module() && !owners.contains(&inventory);
  };
  if (std::none_of(inventories.begin(), inventories.end(), has_nothing)) found.clear();
  return found;
}

}  // namespace isoaudit::inside
