#include <algorithm>
#include <string>
#include <string_view>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/code/collect_code.h"
#include "analyzer/image/image.h"
#include "tests/fuzz/check_image.h"
#include "tests/fuzz/targets.h"

namespace isoaudit::fuzz {
namespace {

/// Bytes with another beginning are another format's: the magic is put back, so that no run is spent on them.
void fuzz_file(Bytes bytes, std::string_view magic, const std::string& name) {
  if (bytes.size() < magic.size()) return;
  std::string text(bytes.begin(), bytes.end());
  std::ranges::copy(magic, text.begin());
  const auto file = analyzer::hold_bytes(std::move(text));
  const analyzer::ImageResult read = analyzer::read_image(file);
  if (!read.image) return;
  check_image(*read.image);
  analyzer::collect_binary({.path = name, .module = "_m", .import_root = "", .file = file});
  analyzer::collect_code(*read.image);
}

}  // namespace

void fuzz_elf(Bytes bytes) {
  fuzz_file(bytes,
            "\x7F"
            "ELF",
            "_m.so");
}

void fuzz_pe(Bytes bytes) { fuzz_file(bytes, "MZ", "_m.cp314-win_amd64.pyd"); }

void fuzz_macho(Bytes bytes) {
  // Thin and universal files, 32 and 64 bit.
  constexpr std::string_view magics[] = {"\xCF\xFA\xED\xFE", "\xCA\xFE\xBA\xBE", "\xCE\xFA\xED\xFE",
                                         "\xCA\xFE\xBA\xBF"};
  if (bytes.empty()) return;
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4));
  const bool known = std::ranges::find(magics, head) != std::end(magics);
  fuzz_file(bytes, known ? head : magics[bytes[0] % std::size(magics)], "_m.cpython-314-darwin.so");
}

}  // namespace isoaudit::fuzz
