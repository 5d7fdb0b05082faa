// Slot tables as each runtime walks them: Objects/moduleobject.c up to 3.14, Python/slots.c from 3.15.
#include "analyzer/binary/slots.h"

#include <array>
#include <string>

namespace isoaudit::analyzer {
namespace {

using model::SlotKind;

/// sizeof(PySlot) on every platform. PyModuleDef_Slot: a number, padded to a pointer, and a pointer.
constexpr unsigned py_slot_size = 16;
constexpr unsigned deepest_nesting = 5;
constexpr unsigned longest_table = 1024;
/// PySlot's flag: an id that the runtime does not know is skipped (Include/slots.h, 3.15).
constexpr std::uint64_t flag_optional = 1;
constexpr model::PythonVersion first_with_py_slot{3, 15};

class SlotWalk {
 public:
  SlotWalk(const Memory& memory, model::PythonVersion version, const UntouchedSlots& untouched)
      : memory_(memory), version_(version), untouched_(untouched) {}

  /// `in_export`: the array belongs to a PyModExport_ hook, where a second exec slot is refused.
  void walk(std::uint64_t table, bool py_slots, bool in_export, unsigned depth) {
    if (depth > deepest_nesting) return refuse("slots are nested too deeply");
    const unsigned slot_size = py_slots ? py_slot_size : 2 * memory_.image().pointer_size;
    for (unsigned i = 0; i < longest_table; ++i) {
      if (!declares.invalid.empty() || !declares.undetermined_reason.empty()) return;
      const std::uint64_t at = table + std::uint64_t{i} * slot_size;
      const std::optional<std::uint64_t> id = memory_.number_at(at, py_slots ? 2 : 4);
      const std::optional<std::uint64_t> flags = py_slots ? memory_.number_at(at + 2, 2) : 0;
      if (!id || !flags) return leave_open("slot " + std::to_string(i) + " is filled at run time");
      if (*id == 0) return end_at(table, at, slot_size);
      take(static_cast<unsigned>(*id), *flags, memory_.pointer_at(at + slot_size / 2), py_slots, in_export, depth);
    }
    leave_open("its slot table has no end");
  }

  void leave_open(const std::string& reason) {
    declares.multiple_interpreters = model::MultipleInterpreters::undetermined;
    declares.gil = model::GilUse::undetermined;
    declares.undetermined_reason = reason;
  }

  model::Declaration declares{.multiple_interpreters = model::MultipleInterpreters::absent,
                              .gil = model::GilUse::absent};
  bool has_abi = false;

 private:
  /// A zero that nobody stored ends a table that is filled at run time only where nobody can still store there. What
  /// the file initialises is taken for whole.
  void end_at(std::uint64_t table, std::uint64_t at, unsigned size) {
    const bool empty = at == table;
    if (untouched_.filled_by.empty() || (!empty && !untouched_.rest_too)) return;
    if (memory_.touched(at, at + size) || !memory_.image().starts_as_zeros(table, size)) return;
    leave_open("runtime-filled: " + std::string(empty ? "m_slots points to" : "the rest of its slot table is") +
               " zero-initialised memory" + untouched_.filled_by);
  }

  void take(unsigned id, std::uint64_t flags, const Pointer& value, bool py_slots, bool in_export, unsigned depth) {
    const SlotKind kind = model::slot_kind(version_, id);
    if (kind == SlotKind::unknown) {
      if (py_slots && (flags & flag_optional) != 0) return;
      const int shown = py_slots ? static_cast<int>(id) : static_cast<std::int32_t>(id);
      return refuse("uses unknown slot ID " + std::to_string(shown));
    }
    if (value.kind == Pointer::Kind::unreadable) {
      return leave_open("the value of slot " + std::to_string(id) + " is filled at run time");
    }
    switch (kind) {
      case SlotKind::create:
        if (!once(kind, "create", id)) return;
        declares.has_create = true;
        return;
      case SlotKind::exec:
        if (in_export && declares.exec_slots > 0) return refuse("has multiple Py_mod_exec slots");
        ++declares.exec_slots;
        return;
      case SlotKind::multiple_interpreters:
        if (!once(kind, "multiple interpreters", id)) return;
        return take_multiple_interpreters(value);
      case SlotKind::gil:
        if (!once(kind, "gil", id)) return;
        return take_gil(value);
      case SlotKind::abi: has_abi = true; return;
      case SlotKind::state_size: declares.state_size = signed_size(value.value); return;
      case SlotKind::traverse: declares.has_traverse = !value.is_null(); return;
      case SlotKind::clear: declares.has_clear = !value.is_null(); return;
      case SlotKind::free: declares.has_free = !value.is_null(); return;
      case SlotKind::subslots:
      case SlotKind::module_slots:
        if (value.is_null()) return;
        if (value.kind != Pointer::Kind::address) return leave_open("a nested slot table is not in this file");
        return walk(value.value, kind == SlotKind::subslots, in_export && kind == SlotKind::subslots, depth + 1);
      case SlotKind::name:
      case SlotKind::doc:
      case SlotKind::methods:
      case SlotKind::token:
      case SlotKind::unknown: return;
    }
  }

  std::int64_t signed_size(std::uint64_t value) const {
    return memory_.image().pointer_size == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
  }

  bool once(SlotKind kind, const char* what, unsigned id) {
    bool& seen = seen_.at(static_cast<std::size_t>(kind));
    if (seen) {
      const bool named = version_ >= first_with_py_slot;
      refuse(named ? "has multiple " + std::string(what) + " slots (id " + std::to_string(id) + ")"
                   : "has more than one '" + std::string(what) + "' slots");
      return false;
    }
    return seen = true;
  }

  /// Only 0 and 2 are ever compared; every other value behaves as 1.
  void take_multiple_interpreters(const Pointer& value) {
    if (value.is_pointer()) return leave_open("Py_mod_multiple_interpreters has an address as its value");
    declares.multiple_interpreters = value.value == 0   ? model::MultipleInterpreters::not_supported
                                     : value.value == 2 ? model::MultipleInterpreters::per_interpreter_gil
                                                        : model::MultipleInterpreters::supported;
  }

  void take_gil(const Pointer& value) {
    if (value.is_pointer()) return leave_open("Py_mod_gil has an address as its value");
    declares.gil = value.value == 0 ? model::GilUse::used : model::GilUse::not_used;
  }

  void refuse(const std::string& why) {
    if (declares.invalid.empty()) declares.invalid = why;
  }

  const Memory& memory_;
  model::PythonVersion version_;
  const UntouchedSlots& untouched_;
  std::array<bool, static_cast<std::size_t>(SlotKind::unknown) + 1> seen_{};
};

}  // namespace

model::Declaration decode_definition(const Memory& memory, const ModuleDef& def, model::PythonVersion version,
                                     const UntouchedSlots& untouched) {
  SlotWalk walk(memory, version, untouched);
  walk.declares.state_size = def.size;
  walk.declares.has_traverse = !def.traverse.is_null();
  walk.declares.has_clear = !def.clear.is_null();
  walk.declares.has_free = !def.free.is_null();
  if (def.size < 0) {
    walk.declares.invalid = "m_size may not be negative for multi-phase initialization";
    return walk.declares;
  }
  if (def.slots.is_null()) {
    // In the file it is NULL; code that nobody followed may have set it since.
    const std::uint64_t place = def.slots_at;
    const Section* section = memory.image().section_at(place);
    const bool writable = section != nullptr && section->writable();
    if (untouched.rest_too && writable && !memory.touched(place, place + memory.image().pointer_size)) {
      walk.leave_open("runtime-filled: m_slots is NULL" + untouched.filled_by);
    }
    return walk.declares;
  }
  if (def.slots.kind != Pointer::Kind::address) {
    walk.leave_open("m_slots points outside this file");
    return walk.declares;
  }
  walk.walk(def.slots.value, false, false, 0);
  return walk.declares;
}

model::Declaration decode_export_slots(const Memory& memory, std::uint64_t array, model::PythonVersion version,
                                       const UntouchedSlots& untouched) {
  SlotWalk walk(memory, version, untouched);
  walk.declares.state_size = 0;
  walk.walk(array, true, true, 0);
  if (walk.declares.invalid.empty() && walk.declares.undetermined_reason.empty() && !walk.has_abi) {
    walk.declares.invalid = "does not define Py_mod_abi, which is mandatory for modules defined from slots only";
  }
  return walk.declares;
}

model::Declaration declare_single_phase(const ModuleDef& def) {
  model::Declaration declares{.multiple_interpreters = model::MultipleInterpreters::absent,
                              .gil = model::GilUse::absent};
  declares.state_size = def.size;
  declares.has_traverse = !def.traverse.is_null();
  declares.has_clear = !def.clear.is_null();
  declares.has_free = !def.free.is_null();
  return declares;
}

}  // namespace isoaudit::analyzer
