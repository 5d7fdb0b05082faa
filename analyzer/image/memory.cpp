#include "analyzer/image/memory.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

std::uint64_t low_bytes(std::uint64_t value, std::uint64_t width) {
  return width >= 8 ? value : value & ((std::uint64_t{1} << (width * 8)) - 1);
}

bool is_number(const Pointer& value) { return value.kind == Pointer::Kind::null || value.kind == Pointer::Kind::plain; }

/// Nothing lies there, and ends that are before their beginnings would never be cut.
bool wraps(std::uint64_t at, std::uint64_t size) { return at + size < at; }

Pointer number(std::uint64_t value) { return {value == 0 ? Pointer::Kind::null : Pointer::Kind::plain, value, {}}; }

}  // namespace

const std::pair<const std::uint64_t, Memory::Stored>* Memory::stored_over(std::uint64_t begin,
                                                                          std::uint64_t end) const {
  auto next = stores_.lower_bound(end);
  if (next == stores_.begin()) return nullptr;
  --next;
  return next->first + next->second.width > begin ? &*next : nullptr;
}

/// Takes [begin, end) out of the stores; what sticks out on either side of a number stays known.
void Memory::cut(std::uint64_t begin, std::uint64_t end) {
  while (const auto* over = stored_over(begin, end)) {
    const std::uint64_t first = over->first, last = over->first + over->second.width;
    const Stored old = over->second;
    stores_.erase(first);
    const auto keep = [&](std::uint64_t from, std::uint64_t to) {
      if (from >= to) return;
      Pointer part{};
      if (old.value.is_null()) {
        part = old.value;
      } else if (is_number(old.value) && to - from <= 8 && from - first < 8) {
        part = number(low_bytes(old.value.value >> ((from - first) * 8), to - from));
      }
      stores_[from] = {to - from, part};
    };
    keep(first, std::min(begin, last));
    keep(std::max(end, first), last);
  }
}

void Memory::store(std::uint64_t at, unsigned width, Pointer value) {
  if (wraps(at, width)) return;
  cut(at, at + width);
  if (is_number(value)) value = number(low_bytes(value.value, width));
  stores_[at] = {width, value};
}

void Memory::clear(std::uint64_t at, std::uint64_t size) {
  if (wraps(at, size)) return;
  cut(at, at + size);
  stores_[at] = {size, number(0)};
}

void Memory::forget(std::uint64_t at, std::uint64_t size) {
  if (wraps(at, size)) return;
  cut(at, at + size);
  stores_[at] = {size, {}};
}

bool Memory::touched(std::uint64_t begin, std::uint64_t end) const { return stored_over(begin, end) != nullptr; }

std::optional<std::uint64_t> Memory::number_at(std::uint64_t at, unsigned width) const {
  std::optional<std::uint64_t> base = image_->number_at(at, width);
  if (!touched(at, at + width)) return base;
  // Byte by byte: a word may be the sum of several narrow stores.
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    std::uint64_t byte = base ? (*base >> (i * 8)) & 0xFF : 0;
    if (const auto* over = stored_over(at + i, at + i + 1)) {
      const std::uint64_t offset = at + i - over->first;
      if (!is_number(over->second.value) || (offset >= 8 && !over->second.value.is_null())) return std::nullopt;
      byte = offset >= 8 ? 0 : (over->second.value.value >> (offset * 8)) & 0xFF;
    } else if (!base) {
      return std::nullopt;
    }
    value |= byte << (i * 8);
  }
  return value;
}

Pointer Memory::pointer_at(std::uint64_t at) const {
  const unsigned width = image_->pointer_size;
  if (!touched(at, at + width)) return image_->pointer_at(at);
  const auto exact = stores_.find(at);
  if (exact != stores_.end() && exact->second.width == width) return exact->second.value;
  const std::optional<std::uint64_t> value = number_at(at, width);
  return value ? number(*value) : Pointer{};
}

}  // namespace isoaudit::analyzer
