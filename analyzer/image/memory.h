#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// An image's memory after some stores that are known to run: what a table holds once the hook has filled it. Without
/// stores it is the image as loaded.
class Memory {
 public:
  explicit Memory(const Image& image) : image_(&image) {}

  const Image& image() const { return *image_; }
  /// `value` of kind `unreadable` means: something that is not known is stored.
  void store(std::uint64_t at, unsigned width, Pointer value);
  /// [at, at + size) holds zeros.
  void clear(std::uint64_t at, std::uint64_t size);
  /// Nothing known is left of [at, at + size).
  void forget(std::uint64_t at, std::uint64_t size);
  /// How many stores are kept.
  std::size_t size() const { return stores_.size(); }
  /// Some store touches [begin, end).
  bool touched(std::uint64_t begin, std::uint64_t end) const;
  std::optional<std::uint64_t> number_at(std::uint64_t at, unsigned width) const;
  Pointer pointer_at(std::uint64_t at) const;

 private:
  struct Stored {
    std::uint64_t width = 0;
    Pointer value{};
  };
  void cut(std::uint64_t begin, std::uint64_t end);
  const std::pair<const std::uint64_t, Stored>* stored_over(std::uint64_t begin, std::uint64_t end) const;

  const Image* image_;
  /// By first byte; never overlapping.
  std::map<std::uint64_t, Stored> stores_{};
};

}  // namespace isoaudit::analyzer
