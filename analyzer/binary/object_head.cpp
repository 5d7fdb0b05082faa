#include "analyzer/binary/object_head.h"

#include <cctype>

namespace isoaudit::analyzer {

unsigned type_offset(const model::PythonLayout& layout) { return layout.free_threaded ? 24 : 8; }

bool has_static_head(const Memory& memory, std::uint64_t address, const model::PythonLayout& layout) {
  const Pointer first = memory.pointer_at(address);
  if (!first.is_null() && first.kind != Pointer::Kind::plain) return false;
  if (!layout.free_threaded) {
    // Core builds of 3.12 already have 3.13's word (Include/object.h, Py_BUILD_CORE).
    const bool core_3_12 = layout.version == model::PythonVersion{3, 12} && first.value == 0xffffffff;
    return first.value == layout.head_word || core_3_12;
  }
  // ob_tid 0; flags, mutex and gc bits; ob_ref_local immortal; ob_ref_shared 0.
  const Pointer second = memory.pointer_at(address + 8);
  return first.is_null() && second.kind == Pointer::Kind::plain && (second.value >> 32) == 0xffffffff &&
         (second.value & 0xffffffff) <= 0xffff && memory.pointer_at(address + 16).is_null();
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
