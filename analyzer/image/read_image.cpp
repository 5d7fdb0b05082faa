#include <algorithm>
#include <array>

#include "analyzer/image/elf_image.h"
#include "analyzer/image/image.h"
#include "analyzer/image/macho_image.h"
#include "analyzer/image/pe_image.h"

namespace isoaudit::analyzer {
namespace {

bool begins_with(std::span<const std::uint8_t> bytes, std::initializer_list<std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

ImageResult failed(std::string why) {
  ImageResult result;
  result.error = std::move(why);
  return result;
}

}  // namespace

ImageResult read_image(std::shared_ptr<const MappedFile> file, WantedName wanted) {
  const auto bytes = file->bytes();
  if (bytes.empty()) return failed("is empty");
  if (begins_with(bytes, {0x7F, 'E', 'L', 'F'})) return read_elf_image(std::move(file), wanted);
  if (begins_with(bytes, {'M', 'Z'})) return read_pe_image(std::move(file));
  if (is_macho(bytes)) return read_macho_image(std::move(file));
  const auto head = bytes.first(std::min<std::size_t>(bytes.size(), 512));
  const bool text = std::ranges::all_of(
      head, [](std::uint8_t c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f'; });
  return failed(text ? "is a text file, not a compiled module" : "is not a compiled module: unknown format");
}

}  // namespace isoaudit::analyzer
