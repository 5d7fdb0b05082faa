#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace isoaudit::analyzer {

/// Bytes of a file that may lie about itself: nothing is read before it is known to be there. Little-endian.
class ByteView {
 public:
  ByteView() = default;
  explicit ByteView(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::span<const std::uint8_t> bytes() const { return bytes_; }
  std::uint64_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }

  /// A structure or number at the offset; empty when it is not all there.
  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!holds(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(static_cast<void*>(&value), bytes_.data() + offset, sizeof value);
    return value;
  }

  /// `width` bytes (1 to 8) as a number.
  std::optional<std::uint64_t> number(std::uint64_t offset, unsigned width) const {
    if (width > 8 || !holds(offset, width)) return std::nullopt;
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + offset, width);
    return value;
  }

  /// Exactly these bytes; empty when they are not all there.
  std::optional<ByteView> part(std::uint64_t offset, std::uint64_t size) const {
    if (!holds(offset, size)) return std::nullopt;
    return ByteView(bytes_.subspan(offset, size));
  }

  /// From the offset to the end; nothing when it lies beyond.
  ByteView from(std::uint64_t offset) const {
    return offset < bytes_.size() ? ByteView(bytes_.subspan(offset)) : ByteView();
  }

  /// The NUL-terminated text at the offset; empty when it does not end within `limit` bytes.
  std::optional<std::string_view> text(std::uint64_t offset, std::size_t limit = 8192) const {
    if (offset >= bytes_.size()) return std::nullopt;
    const auto* start = reinterpret_cast<const char*>(bytes_.data() + offset);
    const std::size_t room = bytes_.size() - offset < limit ? bytes_.size() - offset : limit;
    const void* end = std::memchr(start, 0, room);
    if (end == nullptr) return std::nullopt;
    return std::string_view(start, static_cast<std::size_t>(static_cast<const char*>(end) - start));
  }

 private:
  std::span<const std::uint8_t> bytes_{};
};

/// Text in a field of fixed size that it may fill to the last byte.
template <std::size_t N>
std::string_view fixed_text(const char (&field)[N]) {
  return {field, strnlen(field, N)};
}

}  // namespace isoaudit::analyzer
