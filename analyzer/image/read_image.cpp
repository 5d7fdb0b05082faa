#include <algorithm>
#include <array>

#include "analyzer/image/elf_image.h"
#include "analyzer/image/image.h"

namespace isoaudit::analyzer {
namespace {

bool begins_with(std::span<const std::uint8_t> bytes, std::initializer_list<std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

bool is_macho(std::span<const std::uint8_t> bytes) {
  return begins_with(bytes, {0xCF, 0xFA, 0xED, 0xFE}) || begins_with(bytes, {0xCE, 0xFA, 0xED, 0xFE}) ||
         begins_with(bytes, {0xCA, 0xFE, 0xBA, 0xBE}) || begins_with(bytes, {0xCA, 0xFE, 0xBA, 0xBF});
}

}  // namespace

ImageResult read_image(std::shared_ptr<const MappedFile> file) {
  const auto bytes = file->bytes();
  if (bytes.empty()) return {std::nullopt, "is empty"};
  if (begins_with(bytes, {0x7F, 'E', 'L', 'F'})) return read_elf_image(std::move(file));
  if (begins_with(bytes, {'M', 'Z'})) return {std::nullopt, "is a Windows module: that format is not read yet"};
  if (is_macho(bytes)) return {std::nullopt, "is a macOS module: that format is not read yet"};
  const auto head = bytes.first(std::min<std::size_t>(bytes.size(), 512));
  const bool text = std::ranges::all_of(
      head, [](std::uint8_t c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f'; });
  return {std::nullopt, text ? "is a text file, not a compiled module" : "is not a compiled module: unknown format"};
}

}  // namespace isoaudit::analyzer
