#include "model/python_version.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace isoaudit::model {
namespace {

// Include/object.h (_Py_IMMORTAL_REFCNT, _Py_STATIC_IMMORTAL_INITIAL_REFCNT), Include/moduleobject.h and
// Include/cpython/object.h of each version, verified by compiling (rules.md 3.1).
constexpr std::array<PythonLayout, 7> layouts{{
    {{3, 12}, false, 0x1, 40, 104, 416, 24, 32, 168},
    {{3, 13}, false, 0xffffffff, 40, 104, 416, 24, 32, 168},
    {{3, 14}, false, 0x00050000c0000000, 40, 104, 416, 24, 32, 168},
    {{3, 15}, false, 0x00050000c0000000, 40, 104, 424, 24, 32, 168},
    {{3, 13}, true, 0, 56, 120, 432, 40, 48, 184},
    {{3, 14}, true, 0, 56, 120, 432, 40, 48, 184},
    {{3, 15}, true, 0, 56, 120, 440, 40, 48, 184},
}};

// The same headers compiled for i686: the 32-bit half of Include/refcount.h (3.12 and 3.13: Include/object.h) has other
// immortal counts; every other number follows from pointers of four bytes.
constexpr std::array<PythonLayout, 7> layouts_32{{
    {{3, 12}, false, 0x1, 20, 52, 208, 12, 16, 84, 4},
    {{3, 13}, false, 0x3fffffff, 20, 52, 208, 12, 16, 84, 4},
    {{3, 14}, false, 0x70000000, 20, 52, 208, 12, 16, 84, 4},
    {{3, 15}, false, 0x70000000, 20, 52, 212, 12, 16, 84, 4},
    {{3, 13}, true, 0, 32, 64, 220, 24, 28, 96, 4},
    {{3, 14}, true, 0, 32, 64, 220, 24, 28, 96, 4},
    {{3, 15}, true, 0, 32, 64, 224, 24, 28, 96, 4},
}};

// Measured: sys.getallocatedblocks() in main before and after isolated interpreters that import the standard library's
// modules; 1,500 blocks and more are left on 3.12.1 and 3.13.15, none on 3.14.8 and 3.15.0.
constexpr PythonVersion first_to_free_its_blocks{3, 14};

struct SlotId {
  unsigned id;
  SlotKind kind;
  PythonVersion since;
};

// Include/moduleobject.h up to 3.14; Include/slots_generated.h and Python/slots.toml from 3.15.
constexpr std::array<SlotId, 19> slot_ids{{
    {1, SlotKind::create, {3, 5}},
    {2, SlotKind::exec, {3, 5}},
    {3, SlotKind::multiple_interpreters, {3, 12}},
    {4, SlotKind::gil, {3, 13}},
    {84, SlotKind::create, {3, 15}},
    {85, SlotKind::exec, {3, 15}},
    {86, SlotKind::multiple_interpreters, {3, 15}},
    {87, SlotKind::gil, {3, 15}},
    {92, SlotKind::subslots, {3, 15}},
    {94, SlotKind::module_slots, {3, 15}},
    {100, SlotKind::name, {3, 15}},
    {101, SlotKind::doc, {3, 15}},
    {102, SlotKind::state_size, {3, 15}},
    {103, SlotKind::methods, {3, 15}},
    {104, SlotKind::traverse, {3, 15}},
    {105, SlotKind::clear, {3, 15}},
    {106, SlotKind::free, {3, 15}},
    {109, SlotKind::abi, {3, 15}},
    {110, SlotKind::token, {3, 15}},
}};

}  // namespace

std::optional<PythonVersion> parse_python_version(std::string_view text) {
  PythonVersion version;
  const char* begin = text.data();
  const char* end = begin + text.size();
  auto [dot, error] = std::from_chars(begin, end, version.major);
  if (error != std::errc{} || dot == end || *dot != '.') return std::nullopt;
  auto [rest, minor_error] = std::from_chars(dot + 1, end, version.minor);
  if (minor_error != std::errc{} || rest != end) return std::nullopt;
  return version;
}

std::span<const PythonLayout> python_layouts(unsigned pointer_size) {
  if (pointer_size == 8) return layouts;
  return pointer_size == 4 ? std::span<const PythonLayout>(layouts_32) : std::span<const PythonLayout>();
}

const PythonLayout* find_layout(PythonVersion version, bool free_threaded, unsigned pointer_size) {
  for (const PythonLayout& layout : python_layouts(pointer_size)) {
    if (layout.version == version && layout.free_threaded == free_threaded) return &layout;
  }
  return nullptr;
}

bool frees_its_blocks(PythonVersion version) { return version >= first_to_free_its_blocks; }

SlotKind slot_kind(PythonVersion version, unsigned id) {
  const auto* row = std::ranges::find_if(slot_ids, [&](const SlotId& r) { return r.id == id && r.since <= version; });
  return row == slot_ids.end() ? SlotKind::unknown : row->kind;
}

}  // namespace isoaudit::model
