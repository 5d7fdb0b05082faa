// dyld's two encodings of "this word is a pointer": opcodes that drive a small machine (up to macOS 11), and chains
// that run through the words themselves. Both are walked with the file as the limit: no more fixups than it has words.
#include "analyzer/image/macho_fixups.h"

#include <llvm/BinaryFormat/MachO.h>

namespace isoaudit::analyzer {
namespace {

namespace macho = llvm::MachO;

/// Younger than LLVM 19's list.
constexpr unsigned bind_opcode_threaded = 0xD0;
constexpr const char* cut_opcodes = "is damaged: its table of pointers ends in the middle";

/// Adds relocations, and counts: more than the file has words is a loop.
class Adder {
 public:
  explicit Adder(const MachoFixups& to) : to_(to), room_(to.image.file->bytes().size() / to.image.pointer_size + 1) {}

  const MachoSegment& segment(std::uint64_t number) const {
    if (number >= to_.segments.size()) throw Damage("is damaged: a pointer lies in a segment that it does not have");
    return to_.segments[number];
  }

  void slide(const MachoSegment& segment, std::uint64_t offset) {
    check(segment, offset);
    const auto word = segment.stored.number(offset, to_.image.pointer_size);
    if (word) to_.image.relocations.push_back({segment.address + offset, *word, 0});
  }

  void add(const MachoSegment& segment, std::uint64_t offset, std::uint64_t target) {
    check(segment, offset);
    to_.image.relocations.push_back({segment.address + offset, target, 0});
  }

  void bind(const MachoSegment& segment, std::uint64_t offset, std::uint32_t name, std::uint64_t defined,
            std::uint64_t addend) {
    check(segment, offset);
    to_.image.relocations.push_back({segment.address + offset, defined == 0 ? 0 : defined + addend, name});
  }

 private:
  void check(const MachoSegment& segment, std::uint64_t offset) {
    const unsigned width = to_.image.pointer_size;
    if (segment.size < width || offset > segment.size - width) {
      throw Damage("is damaged: a pointer lies outside its segment");
    }
    if (room_-- == 0) throw Damage("is damaged: it has more pointers than room for them");
  }

  const MachoFixups& to_;
  std::uint64_t room_;
};

std::int64_t read_sleb(const ByteView& bytes, std::uint64_t& offset) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = need(bytes.at<std::uint8_t>(offset++), cut_opcodes);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if ((byte & 0x80) != 0) continue;
    if ((byte & 0x40) != 0 && shift + 7 < 64) value |= ~std::uint64_t{0} << (shift + 7);
    return static_cast<std::int64_t>(value);
  }
  throw Damage("is damaged: a number in its tables is too long");
}

/// Ordinals of symbols that are not looked up in one named library only.
bool may_be_our_own(std::int64_t ordinal) {
  return ordinal == macho::BIND_SPECIAL_DYLIB_SELF || ordinal == macho::BIND_SPECIAL_DYLIB_FLAT_LOOKUP ||
         ordinal == macho::BIND_SPECIAL_DYLIB_WEAK_LOOKUP;
}

struct Import {
  std::uint32_t name = 0;
  std::uint64_t defined = 0;
  std::uint64_t addend = 0;
};

std::vector<Import> read_imports(const MachoFixups& to, const ByteView& table,
                                 const macho::dyld_chained_fixups_header& header) {
  constexpr const char* damaged = "is damaged: its imports lie outside their table";
  const unsigned format = header.imports_format;
  const unsigned each = format == macho::DYLD_CHAINED_IMPORT ? 4 : format == macho::DYLD_CHAINED_IMPORT_ADDEND ? 8 : 16;
  if (format < macho::DYLD_CHAINED_IMPORT || format > macho::DYLD_CHAINED_IMPORT_ADDEND64) {
    throw Damage("has imports of kind " + std::to_string(format) + ", which is not read");
  }
  if (header.symbols_format != 0) throw Damage("has compressed names of imports, which are not read");
  const ByteView entries = need(table.part(header.imports_offset, std::uint64_t{header.imports_count} * each), damaged);
  const ByteView texts = table.from(header.symbols_offset);
  std::vector<Import> imports;
  imports.reserve(header.imports_count);
  for (std::uint64_t i = 0; i < header.imports_count; ++i) {
    const std::uint64_t word = *entries.number(i * each, each == 16 ? 8 : 4);
    std::uint64_t text = 0, addend = 0;
    std::int64_t ordinal = 0;
    if (each == 16) {
      ordinal = static_cast<std::int16_t>(word & 0xFFFF);
      text = word >> 32;
      addend = *entries.number(i * each + 8, 8);
    } else {
      ordinal = static_cast<std::int8_t>(word & 0xFF);
      text = word >> 9;
      if (each == 8) addend = static_cast<std::uint64_t>(std::int64_t{*entries.at<std::int32_t>(i * each + 4)});
    }
    const std::string_view name = without_underscore(need(texts.text(text), damaged));
    imports.push_back({to.names.number_of(name), may_be_our_own(ordinal) ? to.defined(name) : 0, addend});
  }
  return imports;
}

class Chains {
 public:
  Chains(const MachoFixups& to, std::vector<Import> imports) : to_(to), imports_(std::move(imports)), adder_(to) {}

  void read_segment(std::uint64_t number, const ByteView& table, std::uint64_t offset) {
    constexpr const char* damaged = "is damaged: the starts of its chains lie outside their table";
    // The structure's own size would count the padding after its last member.
    constexpr std::uint64_t page_starts = 22;
    const std::uint64_t page_size = need(table.number(offset + 4, 2), damaged);
    const std::uint64_t format = need(table.number(offset + 6, 2), damaged);
    const std::uint64_t pages = need(table.number(offset + 20, 2), damaged);
    const ByteView starts = need(table.part(offset + page_starts, pages * 2), damaged);
    const MachoSegment& segment = adder_.segment(number);
    if (format != macho::DYLD_CHAINED_PTR_64 && format != macho::DYLD_CHAINED_PTR_64_OFFSET) {
      throw Damage("has chained fixups of kind " + std::to_string(format) + ", which is not read");
    }
    if (page_size < 0x1000) throw Damage("is damaged: its chains have pages of an impossible size");
    for (std::uint64_t page = 0; page < pages; ++page) {
      const std::uint64_t start = *starts.number(page * 2, 2);
      if (start == macho::DYLD_CHAINED_PTR_START_NONE) continue;
      if (start >= page_size) throw Damage("is damaged: a chain starts outside its page");
      read_chain(segment, page * page_size + start, format == macho::DYLD_CHAINED_PTR_64_OFFSET);
    }
  }

 private:
  void read_chain(const MachoSegment& segment, std::uint64_t offset, bool relative) {
    while (true) {
      const std::uint64_t word = need(segment.stored.number(offset, 8), "is damaged: a chain leaves its segment");
      const std::uint64_t next = (word >> 51) & 0xFFF;
      if ((word >> 63) != 0) {
        const std::uint64_t ordinal = word & 0xFFFFFF;
        if (ordinal >= imports_.size()) throw Damage("is damaged: a pointer names an import that it does not have");
        const Import& import = imports_[ordinal];
        adder_.bind(segment, offset, import.name, import.defined, import.addend + ((word >> 24) & 0xFF));
      } else {
        adder_.add(segment, offset, (word & 0xFFFFFFFFF) + (relative ? to_.base : 0));
      }
      if (next == 0) return;
      offset += next * 4;
    }
  }

  const MachoFixups& to_;
  std::vector<Import> imports_;
  Adder adder_;
};

}  // namespace

std::string_view without_underscore(std::string_view name) {
  if (name.starts_with('_')) name.remove_prefix(1);
  return name;
}

std::uint64_t read_uleb(const ByteView& bytes, std::uint64_t& offset) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = need(bytes.at<std::uint8_t>(offset++), cut_opcodes);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if ((byte & 0x80) == 0) return value;
  }
  throw Damage("is damaged: a number in its tables is too long");
}

void read_chained_fixups(const MachoFixups& to, const ByteView& table) {
  constexpr const char* damaged = "is damaged: its chained fixups lie outside their table";
  const auto header = need(table.at<macho::dyld_chained_fixups_header>(0), damaged);
  if (header.fixups_version != 0) throw Damage("has chained fixups of an unknown version");
  Chains chains(to, read_imports(to, table, header));
  const std::uint64_t starts = header.starts_offset;
  const std::uint64_t count = need(table.number(starts, 4), damaged);
  if (count > to.segments.size())
    throw Damage("is damaged: its chained fixups speak of segments that it does not have");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t offset = need(table.number(starts + 4 + i * 4, 4), damaged);
    if (offset != 0) chains.read_segment(i, table, starts + offset);
  }
}

void read_rebases(const MachoFixups& to, const ByteView& opcodes) {
  Adder adder(to);
  std::uint64_t at = 0, offset = 0, number = 0;
  const unsigned width = to.image.pointer_size;
  const auto slide = [&](std::uint64_t times, std::uint64_t skip) {
    for (; times > 0; --times) {
      adder.slide(adder.segment(number), offset);
      offset += width + skip;
    }
  };
  while (at < opcodes.size()) {
    const std::uint8_t byte = *opcodes.at<std::uint8_t>(at++);
    const unsigned low = byte & macho::REBASE_IMMEDIATE_MASK;
    switch (byte & macho::REBASE_OPCODE_MASK) {
      case macho::REBASE_OPCODE_DONE: return;
      case macho::REBASE_OPCODE_SET_TYPE_IMM:
        if (low != macho::REBASE_TYPE_POINTER) throw Damage("has rebased words that are no pointers");
        break;
      case macho::REBASE_OPCODE_SET_SEGMENT_AND_OFFSET_ULEB:
        number = low;
        offset = read_uleb(opcodes, at);
        break;
      case macho::REBASE_OPCODE_ADD_ADDR_ULEB: offset += read_uleb(opcodes, at); break;
      case macho::REBASE_OPCODE_ADD_ADDR_IMM_SCALED: offset += std::uint64_t{low} * width; break;
      case macho::REBASE_OPCODE_DO_REBASE_IMM_TIMES: slide(low, 0); break;
      case macho::REBASE_OPCODE_DO_REBASE_ULEB_TIMES: slide(read_uleb(opcodes, at), 0); break;
      case macho::REBASE_OPCODE_DO_REBASE_ADD_ADDR_ULEB: slide(1, read_uleb(opcodes, at)); break;
      case macho::REBASE_OPCODE_DO_REBASE_ULEB_TIMES_SKIPPING_ULEB: {
        const std::uint64_t times = read_uleb(opcodes, at);
        slide(times, read_uleb(opcodes, at));
        break;
      }
      default: throw Damage("is damaged: it has an unknown rebase opcode");
    }
  }
}

void read_binds(const MachoFixups& to, const ByteView& opcodes, BindTable kind) {
  Adder adder(to);
  const unsigned width = to.image.pointer_size;
  std::uint64_t at = 0, offset = 0, number = 0;
  std::int64_t ordinal = kind == BindTable::weak ? std::int64_t{macho::BIND_SPECIAL_DYLIB_WEAK_LOOKUP} : 0, addend = 0;
  std::string_view name;
  std::uint32_t name_number = 0;
  const auto bind = [&](std::uint64_t times, std::uint64_t skip) {
    if (times != 0 && name_number == 0) name_number = to.names.number_of(name);
    const std::uint64_t defined = may_be_our_own(ordinal) ? to.defined(name) : 0;
    for (; times > 0; --times) {
      adder.bind(adder.segment(number), offset, name_number, defined, static_cast<std::uint64_t>(addend));
      offset += width + skip;
    }
  };
  while (at < opcodes.size()) {
    const std::uint8_t byte = *opcodes.at<std::uint8_t>(at++);
    const unsigned low = byte & macho::BIND_IMMEDIATE_MASK;
    switch (byte & macho::BIND_OPCODE_MASK) {
      // Each lazily bound symbol ends with one.
      case macho::BIND_OPCODE_DONE:
        if (kind != BindTable::lazy) return;
        break;
      case macho::BIND_OPCODE_SET_DYLIB_ORDINAL_IMM: ordinal = low; break;
      case macho::BIND_OPCODE_SET_DYLIB_ORDINAL_ULEB:
        ordinal = static_cast<std::int64_t>(read_uleb(opcodes, at));
        break;
      case macho::BIND_OPCODE_SET_DYLIB_SPECIAL_IMM:
        ordinal = low == 0 ? 0 : static_cast<std::int8_t>(macho::BIND_OPCODE_MASK | low);
        break;
      case macho::BIND_OPCODE_SET_SYMBOL_TRAILING_FLAGS_IMM: {
        const std::string_view raw = need(opcodes.text(at), cut_opcodes);
        at += raw.size() + 1;
        name = without_underscore(raw);
        name_number = 0;
        break;
      }
      case macho::BIND_OPCODE_SET_TYPE_IMM:
        if (low != macho::BIND_TYPE_POINTER) throw Damage("has bound words that are no pointers");
        break;
      case macho::BIND_OPCODE_SET_ADDEND_SLEB: addend = read_sleb(opcodes, at); break;
      case macho::BIND_OPCODE_SET_SEGMENT_AND_OFFSET_ULEB:
        number = low;
        offset = read_uleb(opcodes, at);
        break;
      case macho::BIND_OPCODE_ADD_ADDR_ULEB: offset += read_uleb(opcodes, at); break;
      case macho::BIND_OPCODE_DO_BIND: bind(1, 0); break;
      case macho::BIND_OPCODE_DO_BIND_ADD_ADDR_ULEB: bind(1, read_uleb(opcodes, at)); break;
      case macho::BIND_OPCODE_DO_BIND_ADD_ADDR_IMM_SCALED: bind(1, std::uint64_t{low} * width); break;
      case macho::BIND_OPCODE_DO_BIND_ULEB_TIMES_SKIPPING_ULEB: {
        const std::uint64_t times = read_uleb(opcodes, at);
        bind(times, read_uleb(opcodes, at));
        break;
      }
      case bind_opcode_threaded: throw Damage("has threaded binding (arm64e), which is not read");
      default: throw Damage("is damaged: it has an unknown bind opcode");
    }
  }
}

}  // namespace isoaudit::analyzer
