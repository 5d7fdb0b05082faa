// How CPython's small-object allocator keeps its blocks, told from the memory alone: no function of CPython answers
// whose a block is. Include/internal/pycore_obmalloc.h, the same on 64-bit machines in 3.12, 3.13, 3.14 and 3.15: pools
// of 16 KiB, each with a header and blocks of one size.
#include "loader_probe/inside/python_blocks.h"

#include <algorithm>
#include <cstring>

namespace isoaudit::inside {
namespace {

constexpr std::uintptr_t kPoolSize = 1 << 14;
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kSizeClasses = 32;

struct PoolHeader {
  std::uint32_t blocks_in_use;
  std::uint32_t padding;
  std::uint64_t first_free_block;
  std::uint64_t next_pool;
  std::uint64_t previous_pool;
  std::uint32_t arena;
  std::uint32_t size_class;
  std::uint32_t next_offset;
  std::uint32_t last_offset;
};
static_assert(sizeof(PoolHeader) == 48);

// Objects/obmalloc.c: in debug mode, the size (big end first), the kind of allocation and seven bytes that nobody may
// touch stand before what the caller gets.
constexpr std::size_t kDebugHead = 16;
constexpr std::uint64_t kDebugFence = 0xfdfdfdfdfdfdfd00;

bool has_debug_head(std::uintptr_t address) { return (word_at(address - 8) & ~std::uint64_t{0xff}) == kDebugFence; }

std::size_t size_in_debug_head(std::uintptr_t address) { return __builtin_bswap64(word_at(address - kDebugHead)); }

/// Free blocks are a list through their first words.
bool is_free(const PoolHeader& header, std::uintptr_t pool, std::uintptr_t block, std::size_t size) {
  std::uintptr_t free = header.first_free_block;
  for (std::uintptr_t steps = 0; free != 0 && steps < kPoolSize / size; ++steps) {
    if (free == block) return true;
    if (free < pool + sizeof(PoolHeader) || free + size > pool + kPoolSize) break;
    free = word_at(free);
  }
  return false;
}

}  // namespace

std::optional<PythonBlock> python_block_at(std::uintptr_t address, const std::vector<ImageRange>& readable) {
  const std::uintptr_t pool = address & ~(kPoolSize - 1);
  if (address % kAlignment != 0 || address < pool + sizeof(PoolHeader)) return {};
  if (!in_ranges(readable, pool, kPoolSize)) return {};
  PoolHeader header;
  std::memcpy(&header, reinterpret_cast<const void*>(pool), sizeof header);  // NOLINT(performance-no-int-to-ptr)
  if (header.size_class >= kSizeClasses) return {};
  const std::size_t size = (header.size_class + 1) * kAlignment;
  const std::size_t capacity = (kPoolSize - sizeof(PoolHeader)) / size;
  // The first word of the header is the number alone, or a pointer where the pool is unused.
  if (header.padding != 0 || header.blocks_in_use == 0 || header.blocks_in_use > capacity) return {};
  if (header.last_offset != kPoolSize - size || header.next_offset > kPoolSize) return {};

  const std::size_t offset = address - pool - sizeof(PoolHeader);
  const bool debug = offset % size == kDebugHead && has_debug_head(address);
  if (offset % size != 0 && !debug) return {};
  const std::uintptr_t block = debug ? address - kDebugHead : address;
  // Behind next_offset nothing was ever given out.
  if (block - pool >= header.next_offset || is_free(header, pool, block, size)) return {};
  return PythonBlock{debug ? std::min(size_in_debug_head(address), size) : size, {pool, pool + kPoolSize}};
}

}  // namespace isoaudit::inside
