#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "analyzer/image/image.h"
#include "model/module_file_name.h"

/// An image written down in a few plain records, so that what is read *from* images meets hostile sections, symbols and
/// relocations without an object file's headers in the way. Any bytes describe an image.
namespace isoaudit::fuzz {

struct DescribedImage {
  analyzer::Image image{};
  /// What the file's name would say.
  std::string abi_tag{};
};

DescribedImage read_described_image(std::span<const std::uint8_t> bytes);

/// The image in that form, as far as it fits; for seeds.
std::string describe_image(const analyzer::Image& image);

}  // namespace isoaudit::fuzz
