#include "analyzer/binary/module_def.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include "analyzer/binary/object_head.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::int64_t largest_state = std::int64_t{1} << 24;
/// In words from the end of PyModuleDef_Base (Include/moduleobject.h).
constexpr unsigned m_name = 0, m_doc = 1, m_size = 2, m_methods = 3, m_slots = 4, m_traverse = 5, m_clear = 6,
                   m_free = 7;

bool is_data_pointer(const Image& image, const Pointer& pointer) {
  if (pointer.kind != Pointer::Kind::address) return pointer.kind == Pointer::Kind::import;
  const Section* section = image.section_at(pointer.value);
  return section != nullptr && !section->executable;
}

bool is_null_or_data(const Image& image, const Pointer& pointer) {
  return pointer.is_null() || is_data_pointer(image, pointer);
}

bool is_null_or_code(const Image& image, const Pointer& pointer) {
  if (pointer.kind != Pointer::Kind::address) return pointer.is_null() || pointer.kind == Pointer::Kind::import;
  const Section* section = image.section_at(pointer.value);
  return section != nullptr && section->executable;
}

std::int64_t signed_word(std::uint64_t word, unsigned size) {
  return size == 4 ? static_cast<std::int32_t>(word) : static_cast<std::int64_t>(word);
}

/// m_init, m_index and m_copy are the runtime's: zero in every file.
bool base_is_untouched(const Memory& memory, std::uint64_t address, const model::PythonLayout& layout) {
  for (unsigned word = 1; word <= 3; ++word) {
    const unsigned offset = layout.module_def_base - word * layout.pointer_size;
    if (!memory.pointer_at(address + offset).is_null()) return false;
  }
  return true;
}

}  // namespace

std::string ModuleDef::last_component() const { return name.substr(name.rfind('.') + 1); }

std::optional<ModuleDef> read_module_def(const Memory& memory, std::uint64_t address,
                                         const model::PythonLayout& layout) {
  const Image& image = memory.image();
  const auto field = [&](unsigned word) {
    return memory.pointer_at(address + layout.module_def_base + std::uint64_t{word} * layout.pointer_size);
  };
  const Pointer name = field(m_name);
  if (name.kind != Pointer::Kind::address) return std::nullopt;
  const std::optional<std::string_view> text = image.text_at(name.value, 512);
  if (!text || !is_dotted_name(*text)) return std::nullopt;
  const Pointer size = field(m_size);
  const std::int64_t state_size = signed_word(size.value, layout.pointer_size);
  if (size.is_pointer() || size.kind == Pointer::Kind::unreadable || state_size < -largest_state ||
      state_size > largest_state) {
    return std::nullopt;
  }
  ModuleDef def;
  def.address = address;
  def.name = *text;
  def.size = state_size;
  def.slots = field(m_slots);
  def.slots_at = address + layout.module_def_base + std::uint64_t{m_slots} * layout.pointer_size;
  def.traverse = field(m_traverse);
  def.clear = field(m_clear);
  def.free = field(m_free);
  if (!is_null_or_data(image, field(m_doc)) || !is_null_or_data(image, field(m_methods)) ||
      !is_null_or_code(image, def.traverse) || !is_null_or_code(image, def.clear) ||
      !is_null_or_code(image, def.free)) {
    return std::nullopt;
  }
  // Slots that the hook stores may be anything by now, so only what no pointer can be is refused.
  if (def.slots.kind == Pointer::Kind::plain) return std::nullopt;
  return def;
}

std::vector<ModuleDef> find_module_defs(const Memory& memory, std::span<const model::PythonLayout* const> layouts,
                                        std::span<const std::string> names) {
  std::vector<ModuleDef> found;
  const unsigned word = memory.image().pointer_size, base_words = 3 * word;
  for (const Section& section : memory.image().sections) {
    const bool relocated = section.kind == model::SectionClass::constant && !section.executable;
    if (section.bytes.empty() || (section.kind != model::SectionClass::data && !relocated)) continue;
    // Every definition has a relocated name: going through the relocations finds them all and reads little.
    std::uint64_t before = 0;
    for (const Relocation& relocation :
         memory.image().relocations_in(section.address, section.address + section.size)) {
      // The three words in front of m_name are no pointers: in a table of pointers nothing needs a closer look.
      const bool after_pointer = relocation.at - std::exchange(before, relocation.at) <= base_words;
      if (after_pointer && !memory.touched(relocation.at - base_words, relocation.at)) continue;
      if (relocation.target == 0 || relocation.at % word != 0) continue;
      std::optional<ModuleDef> best;
      for (const model::PythonLayout* layout : layouts) {
        const std::uint64_t address = relocation.at - layout->module_def_base;
        if (address < section.address || address > relocation.at || best) continue;
        if (!base_is_untouched(memory, address, *layout) || !has_no_type(memory, address, *layout)) continue;
        std::optional<ModuleDef> def = read_module_def(memory, address, *layout);
        if (!def) continue;
        if (has_static_head(memory, address, *layout) ||
            std::ranges::find(names, def->last_component()) != names.end()) {
          best = std::move(def);
        }
      }
      if (best) found.push_back(std::move(*best));
    }
  }
  std::ranges::sort(found, {}, &ModuleDef::address);
  return found;
}

}  // namespace isoaudit::analyzer
