// A table is known by what lies around a relocated word: texts where names belong, small numbers where flags belong,
// code where functions belong. Nothing is decided by symbols: most modules have none.
#include "analyzer/code/python_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "analyzer/code/place_name.h"
#include "analyzer/code/pyo3_tables.h"
#include "model/type_slots.h"

namespace isoaudit::analyzer {
namespace {

using model::RunsWhen;

constexpr std::size_t longest_name = 256;
/// Longer than the slots of any type, which are numbered below 128, and than the attributes of most.
constexpr unsigned longest_array = 256, deepest_slot_arrays = 5;
/// Larger objects have no static type that says so.
constexpr std::uint64_t largest_object = std::uint64_t{1} << 31;
/// METH_* (Include/methodobject.h): bits 0 to 9.
constexpr std::uint64_t all_method_flags = 0x3FF;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

class TableFinder {
 public:
  explicit TableFinder(const Memory& memory)
      : memory_(memory), image_(memory.image()), word_(memory.image().pointer_size) {}

  std::vector<FunctionInTable> run() {
    for (const Section& section : image_.sections) {
      if (section.executable) continue;
      for (const Relocation& relocation : relocations_of(section)) {
        if (relocation.target == 0 || is_code(relocation.target)) continue;
        // One that begins with a name is told by what follows.
        if (const std::optional<std::string_view> name = name_at(relocation.target)) take_owner(relocation.at, *name);
      }
    }
    std::vector<FunctionInTable> found;
    for (const Section& section : image_.sections) {
      if (section.executable) continue;
      for (const Relocation& relocation : relocations_of(section)) {
        if (relocation.target == 0 || !is_code(relocation.target)) continue;
        found.push_back(meaning(relocation));
      }
    }
    std::ranges::sort(found, {}, &FunctionInTable::at);
    return found;
  }

 private:
  struct Meaning {
    RunsWhen when = RunsWhen::call;
    std::string how{};
  };

  std::span<const Relocation> relocations_of(const Section& section) const {
    return image_.relocations_in(section.address, section.address + section.size);
  }

  bool is_code(std::uint64_t address) const {
    const Section* section = image_.section_at(address);
    return section != nullptr && section->executable;
  }

  bool is_code(const Pointer& pointer) const {
    return pointer.kind == Pointer::Kind::import || (pointer.kind == Pointer::Kind::address && is_code(pointer.value));
  }

  /// NULL, data of the file, or of another module.
  bool may_be_data(const Pointer& pointer) const {
    return pointer.is_null() || pointer.kind == Pointer::Kind::import ||
           (pointer.kind == Pointer::Kind::address && !is_code(pointer.value));
  }

  bool may_be_code(const Pointer& pointer) const { return pointer.is_null() || is_code(pointer); }

  static std::optional<std::uint64_t> number(const Pointer& pointer) {
    if (pointer.is_null()) return 0;
    return pointer.kind == Pointer::Kind::plain ? std::optional(pointer.value) : std::nullopt;
  }

  Pointer at(std::uint64_t place, std::int64_t words) const {
    return memory_.pointer_at(place + static_cast<std::uint64_t>(words * static_cast<std::int64_t>(word_)));
  }

  /// A Python name at an address, dots and all.
  std::optional<std::string_view> name_at(std::uint64_t address) const {
    if (is_code(address)) return std::nullopt;
    const std::optional<std::string_view> text = image_.text_at(address, longest_name);
    if (!text || text->empty() || std::isdigit(static_cast<unsigned char>(text->front())) != 0) return std::nullopt;
    const bool fits = std::ranges::all_of(*text, [](char c) { return is_word(c) || c == '.'; });
    return fits ? text : std::nullopt;
  }

  std::optional<std::string_view> name_in(const Pointer& pointer) const {
    return pointer.kind == Pointer::Kind::address ? name_at(pointer.value) : std::nullopt;
  }

  static std::string quoted(std::string_view name) { return fmt::format("`{}`", name); }
  /// "Point" of "shapes.Point".
  static std::string last_of(std::string_view name) { return quoted(name.substr(name.rfind('.') + 1)); }

  /// Only words that hold code get a meaning: tables that lie about themselves cost no more than the words they have.
  template <class How>
  void claim(std::uint64_t place, RunsWhen when, const How& how) {
    const Pointer function = memory_.pointer_at(place);
    if (function.kind != Pointer::Kind::address || !is_code(function.value) || claims_.contains(place)) return;
    claims_.emplace(place, Meaning{when, how()});
  }

  void take_owner(std::uint64_t place, std::string_view name) {
    if (is_module_definition(place)) {
      take_module(place, name);
    } else if (is_type_spec(place)) {
      take_slots(at(place, spec_slots()).value, Owner::type, name, 0);
    } else if (is_type(place)) {
      take_type(place, name);
    }
  }

  // m_name, m_doc, m_size, m_methods, m_slots, m_traverse, m_clear, m_free (Include/moduleobject.h); before them
  // m_init, m_index and m_copy, which are the runtime's.
  bool is_module_definition(std::uint64_t place) const {
    for (const int before : {-1, -2, -3}) {
      if (!at(place, before).is_null()) return false;
    }
    if (!may_be_data(at(place, 1)) || !may_be_data(at(place, 3)) || !may_be_data(at(place, 4))) return false;
    const std::optional<std::uint64_t> size = number(at(place, 2));
    const bool has_size = size && (*size < largest_object || *size + 1 == 0);
    bool has_any = !at(place, 3).is_null() || !at(place, 4).is_null();
    for (const int function : {5, 6, 7}) {
      if (!may_be_code(at(place, function))) return false;
      has_any = has_any || !at(place, function).is_null();
    }
    return has_size && has_any;
  }

  void take_module(std::uint64_t place, std::string_view name) {
    constexpr std::pair<int, const char*> functions[] = {{5, "m_traverse"}, {6, "m_clear"}, {7, "m_free"}};
    for (const auto& [field, field_name] : functions) {
      claim(place + static_cast<unsigned>(field) * word_, RunsWhen::finalise,
            [&] { return field_name + (" of " + last_of(name)); });
    }
    const Pointer slots = at(place, 4);
    if (slots.kind == Pointer::Kind::address) take_slots(slots.value, Owner::module, name, 0);
  }

  /// PyType_Spec: name, two ints, an unsigned int, slots (Include/object.h).
  int spec_slots() const { return word_ == 8 ? 3 : 4; }

  bool is_type_spec(std::uint64_t place) const {
    const Pointer slots = at(place, spec_slots());
    if (slots.kind != Pointer::Kind::address || is_code(slots.value)) return false;
    for (int field = 1; field < spec_slots(); ++field) {
      if (!number(at(place, field))) return false;
    }
    return slot_count(slots.value, [](unsigned id) { return !model::type_slot_name(id).empty(); }) != 0;
  }

  // tp_name, tp_basicsize, tp_itemsize, tp_dealloc, ...; tp_flags is the nineteenth.
  bool is_type(std::uint64_t place) const {
    const auto fields = model::type_fields();
    const std::optional<std::uint64_t> basic = number(at(place, 1)), item = number(at(place, 2));
    if (!basic || !item || *basic >= largest_object || *item >= largest_object) return false;
    // ob_size, and before it the type of the type.
    if (!at(place, -1).is_null() || at(place, -2).kind == Pointer::Kind::plain) return false;
    bool has_any = false;
    for (std::size_t i = 3; i < fields.size(); ++i) {
      const Pointer field = at(place, static_cast<std::int64_t>(i));
      const bool is_number = fields[i] == "tp_flags" || fields[i] == "tp_version_tag" || fields[i].ends_with("offset");
      if (is_number ? !number(field).has_value() : field.kind == Pointer::Kind::plain) return false;
      has_any = has_any || is_code(field);
    }
    return has_any;
  }

  void take_type(std::uint64_t place, std::string_view name) {
    const auto fields = model::type_fields();
    for (std::size_t i = 3; i < fields.size(); ++i) {
      const std::uint64_t field = place + i * word_;
      if (fields[i] == "tp_getset") take_getters(memory_.pointer_at(field));
      claim(field, RunsWhen::call, [&] { return std::string(fields[i]) + " of " + last_of(name); });
      const auto table_fields = model::type_table_fields(i);
      const Pointer table = memory_.pointer_at(field);
      if (table_fields.empty() || table.kind != Pointer::Kind::address) continue;
      for (std::size_t j = 0; j < table_fields.size(); ++j) {
        claim(table.value + j * word_, RunsWhen::call,
              [&] { return std::string(table_fields[j]) + " of " + last_of(name); });
      }
    }
  }

  // --- slot arrays: a number, padded to a pointer (3.15: number, flags, zero), and a value; a zero ends them

  enum class Owner { module, type };

  std::uint64_t slot_size() const { return word_ == 8 ? 16 : 2 * std::uint64_t{word_}; }

  /// The number of the slot at `place`; empty when it is none.
  std::optional<unsigned> slot_id(std::uint64_t place) const {
    const Pointer head = memory_.pointer_at(place);
    const std::optional<std::uint64_t> value = number(head);
    if (!value || *value > 0xFFFFFFFF || ((*value >> 16) & ~std::uint64_t{7}) != 0) return std::nullopt;
    return static_cast<unsigned>(*value & 0xFFFF);
  }

  /// How many slots an array has whose numbers all fit; 0 when it is none.
  template <class Fits>
  unsigned slot_count(std::uint64_t array, const Fits& fits) const {
    for (unsigned i = 0; i < longest_array; ++i) {
      const std::uint64_t place = array + i * slot_size();
      const std::optional<unsigned> id = slot_id(place);
      if (!id || (*id != 0 && !fits(*id))) return 0;
      if (*id == 0) return memory_.pointer_at(place + slot_size() / 2).is_null() ? i : 0;
    }
    return 0;
  }

  void take_slots(std::uint64_t array, Owner owner, std::string_view name, unsigned depth) {
    if (!arrays_.insert(array).second) return;
    for (unsigned i = 0; i < longest_array && depth < deepest_slot_arrays; ++i) {
      const std::uint64_t place = array + i * slot_size();
      const std::optional<unsigned> id = slot_id(place);
      if (!id || *id == 0) return;
      const Pointer value = memory_.pointer_at(place + slot_size() / 2);
      if (value.kind != Pointer::Kind::address) continue;
      if (is_code(value.value)) {
        const Meaning known = slot_meaning(*id, owner, name);
        if (!known.how.empty()) claim(place + slot_size() / 2, known.when, [&] { return known.how; });
      } else if (model::type_slot_name(*id) == "tp_getset") {
        take_getters(value);
      } else if (is_nested(*id)) {
        take_slots(value.value, owner, name, depth + 1);
      }
    }
  }

  /// Py_slot_subslots, Py_tp_slots, Py_mod_slots (3.15).
  static bool is_nested(unsigned id) { return id >= 92 && id <= 94; }

  Meaning slot_meaning(unsigned id, Owner owner, std::string_view name) const {
    const bool module_number = owner != Owner::type && id <= 4;
    // Later versions only add numbers.
    switch (module_number || model::type_slot_name(id).empty() ? model::slot_kind(newest, id)
                                                               : model::SlotKind::unknown) {
      case model::SlotKind::create: return {RunsWhen::exec, "Py_mod_create"};
      case model::SlotKind::exec: return {RunsWhen::exec, "Py_mod_exec"};
      case model::SlotKind::traverse:
      case model::SlotKind::clear:
      case model::SlotKind::free: return {RunsWhen::finalise, "the module's end"};
      default: break;
    }
    const std::string_view slot = model::type_slot_name(id);
    if (slot.empty()) return {};
    return {RunsWhen::call, std::string(slot) + (name.empty() ? " of a type" : " of " + last_of(name))};
  }

  /// A slot that no definition and no spec leads to: a hook returns its array, or code fills the definition in. A small
  /// number before a function is no slot yet: Rust's tables of virtual methods have an alignment there.
  std::optional<Meaning> stray_slot(const Relocation& relocation) const {
    const std::uint64_t place = relocation.at - slot_size() / 2;
    const unsigned id = slot_id(place).value_or(0), before = slot_id(place - slot_size()).value_or(0);
    // No array has one slot twice beside each other.
    if (id == 0 || id == before || id == slot_id(place + slot_size())) return std::nullopt;
    const auto of_module = [](unsigned i) { return i <= 4 || (i >= 84 && i <= 87) || (i >= 92 && i <= 110); };
    const auto of_type = [](unsigned i) { return !model::type_slot_name(i).empty(); };
    // The last slots of a type may have numbers of a module's.
    const unsigned in_module = of_module(id) && (before == 0 || of_module(before)) ? slot_count(place, of_module) : 0;
    const unsigned slots = in_module != 0 ? in_module : slot_count(place, of_type);
    if (slots == 0 || (slots == 1 && before == 0 && std::has_single_bit(id))) return std::nullopt;
    Meaning known = slot_meaning(id, in_module != 0 ? Owner::module : Owner::type, {});
    return known.how.empty() ? std::nullopt : std::optional(std::move(known));
  }

  // --- one word in an array of entries that begin with a name

  /// PyMethodDef: name, function, flags, text (Include/methodobject.h).
  std::optional<std::string> method(std::uint64_t place) const {
    const std::optional<std::string_view> name = name_in(at(place, -1));
    const std::optional<std::uint64_t> flags = number(at(place, 1));
    if (!name || !flags || (*flags & 0xFFFFFFFF) == 0 || (*flags & 0xFFFFFFFF) > all_method_flags) return std::nullopt;
    if (!may_be_data(at(place, 2))) return std::nullopt;
    return "method " + quoted(*name);
  }

  /// PyGetSetDef: name, getter, setter, text, closure (Include/descrobject.h). Other tables look alike: a type has to
  /// lead here.
  void take_getters(const Pointer& array) {
    constexpr unsigned entry_words = 5;
    if (array.kind != Pointer::Kind::address || !arrays_.insert(array.value).second) return;
    for (unsigned i = 0; i < longest_array; ++i) {
      const std::uint64_t entry = array.value + std::uint64_t{i} * entry_words * word_;
      const std::optional<std::string_view> name = name_in(at(entry, 0));
      if (!name) return;
      claim(entry + word_, RunsWhen::call, [&] { return "getter of " + quoted(*name); });
      claim(entry + 2 * word_, RunsWhen::call, [&] { return "setter of " + quoted(*name); });
    }
  }

  std::string slot_of_pyo3(std::uint64_t place) {
    std::string slot = pyo3_slot(memory_, place);
    if (!slot.empty() && !has_pyo3_) has_pyo3_ = names_pyo3(image_);
    return has_pyo3_.value_or(false) ? slot : std::string();
  }

  FunctionInTable meaning(const Relocation& relocation) {
    FunctionInTable entry{.at = relocation.at, .function = relocation.target};
    if (const auto claimed = claims_.find(relocation.at); claimed != claims_.end()) {
      entry.when = claimed->second.when;
      entry.how = claimed->second.how;
      entry.by_python = true;
      return entry;
    }
    if (std::optional<std::string> how = method(relocation.at)) {
      entry.how = std::move(*how);
      entry.by_python = true;
    } else if (std::string pyo3_known = pyo3_name(memory_, relocation.at); !pyo3_known.empty()) {
      // Before slots: the length of a name is a number before a function as well.
      entry.how = std::move(pyo3_known);
      entry.by_python = true;
    } else if (std::optional<Meaning> slot = stray_slot(relocation)) {
      entry.when = slot->when;
      entry.how = std::move(slot->how);
      entry.by_python = true;
    } else if (std::string pyo3 = slot_of_pyo3(relocation.at); !pyo3.empty()) {
      entry.how = std::move(pyo3);
      entry.by_python = true;
    } else {
      entry.how = "table " + quoted(demangled(place_name(image_, relocation.at)));
    }
    return entry;
  }

  static constexpr model::PythonVersion newest{3, 15};

  const Memory& memory_;
  const Image& image_;
  const unsigned word_;
  /// Asked once, when something may be a slot.
  std::optional<bool> has_pyo3_{};
  std::unordered_map<std::uint64_t, Meaning> claims_{};
  /// Arrays that were gone through: the first that leads to one names it.
  std::unordered_set<std::uint64_t> arrays_{};
};

}  // namespace

std::vector<FunctionInTable> find_functions_in_tables(const Memory& memory) { return TableFinder(memory).run(); }

}  // namespace isoaudit::analyzer
