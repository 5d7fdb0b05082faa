#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/image/damage.h"
#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// Fills Image::names, each name once. The texts given must outlive it (they lie in the mapped file). A file whose
/// tables name the same bytes over and over is damaged: its names may not be longer than itself in all.
class ImageNames {
 public:
  explicit ImageNames(Image& image) : image_(image), room_(image.file->bytes().size()) {}

  /// Index + 1 into Image::names.
  std::uint32_t number_of(std::string_view name) {
    const auto [place, fresh] = known_.try_emplace(name, 0);
    if (fresh) {
      spend(name);
      image_.names.emplace_back(name);
      place->second = static_cast<std::uint32_t>(image_.names.size());
    }
    return place->second;
  }

  /// Counts a text that is copied out of the file.
  void spend(std::string_view text) {
    if (text.size() >= room_) throw Damage("is damaged: its tables name the same bytes again and again");
    room_ -= text.size() + 1;
  }

 private:
  Image& image_;
  std::uint64_t room_;
  std::unordered_map<std::string_view, std::uint32_t> known_{};
};

}  // namespace isoaudit::analyzer
