#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "analyzer/image/byte_view.h"
#include "analyzer/image/image.h"
#include "analyzer/image/image_names.h"

/// Inside analyzer/image only: the words that dyld fills in, from either of the two encodings. All throw Damage.
namespace isoaudit::analyzer {

struct MachoSegment {
  std::uint64_t address = 0, size = 0;
  ByteView stored{};
};

/// Where a symbol that the file itself defines lies; 0 when it does not. Asked for names that dyld looks up beyond the
/// libraries they came from (C++ inline functions, say).
using FindDefined = std::function<std::uint64_t(std::string_view name)>;

struct MachoFixups {
  Image& image;
  ImageNames& names;
  const std::vector<MachoSegment>& segments;
  /// Where the Mach-O header is loaded.
  std::uint64_t base = 0;
  FindDefined defined{};
};

/// LC_DYLD_CHAINED_FIXUPS.
void read_chained_fixups(const MachoFixups& to, const ByteView& table);
/// LC_DYLD_INFO's opcodes: slides.
void read_rebases(const MachoFixups& to, const ByteView& opcodes);
/// LC_DYLD_INFO's opcodes: bound, weakly bound and lazily bound symbols.
enum class BindTable { eager, weak, lazy };
void read_binds(const MachoFixups& to, const ByteView& opcodes, BindTable kind);

/// An unsigned LEB128 number at `offset`, which moves past it. Throws Damage.
std::uint64_t read_uleb(const ByteView& bytes, std::uint64_t& offset);
/// "_PyInit_x" → "PyInit_x".
std::string_view without_underscore(std::string_view name);

}  // namespace isoaudit::analyzer
