#include "analyzer/binary/object_head.h"

#include <cctype>
#include <optional>

namespace isoaudit::analyzer {

unsigned type_offset(const model::PythonLayout& layout) {
  // Free-threaded: ob_tid, one word (two on 32-bit) of flags, mutex, gc bits and ob_ref_local, ob_ref_shared.
  if (!layout.free_threaded) return layout.pointer_size;
  return 2 * layout.pointer_size + 8;
}

bool has_static_head(const Memory& memory, std::uint64_t address, const model::PythonLayout& layout) {
  const Pointer first = memory.pointer_at(address);
  if (!first.is_null() && first.kind != Pointer::Kind::plain) return false;
  if (!layout.free_threaded) {
    // Core builds of 3.12 already have 3.13's word (Include/object.h, Py_BUILD_CORE).
    const std::uint64_t core_word = layout.pointer_size == 8 ? 0xffffffff : 0x3fffffff;
    const bool core_3_12 = layout.version == model::PythonVersion{3, 12} && first.value == core_word;
    return first.value == layout.head_word || core_3_12;
  }
  // ob_tid 0; flags, mutex and gc bits; ob_ref_local immortal; ob_ref_shared 0.
  const unsigned pointer = layout.pointer_size;
  const std::optional<std::uint64_t> bits = memory.number_at(address + pointer, 4);
  const std::optional<std::uint64_t> local = memory.number_at(address + pointer + 4, 4);
  return first.is_null() && bits && *bits <= 0xffff && local == 0xffffffff &&
         memory.pointer_at(address + pointer + 8).is_null();
}

bool has_no_type(const Memory& memory, std::uint64_t address, const model::PythonLayout& layout) {
  return memory.pointer_at(address + type_offset(layout)).is_null();
}

bool is_dotted_name(std::string_view text) {
  bool start = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '.') {
      if (start) return false;
      start = true;
      continue;
    }
    const bool letter = std::isalpha(byte) != 0 || c == '_' || byte >= 0x80;
    if (!letter && (start || std::isdigit(byte) == 0)) return false;
    start = false;
  }
  return !start;
}

}  // namespace isoaudit::analyzer
