#include "analyzer/code/hook_slots.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "analyzer/code/read_hook.h"
#include "model/module_definition.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::size_t most_hooks = 8;
constexpr unsigned longest_table = 32;

/// m_slots, in words from m_name (Include/moduleobject.h).
constexpr std::uint64_t m_slots = 4;

void take_slots(const HookPath& path, std::uint64_t hook, std::uint64_t array, std::vector<FunctionInHookSlot>& found) {
  const Image& image = path.memory.image();
  for (unsigned i = 0; i < longest_table; ++i) {
    const std::uint64_t slot = array + std::uint64_t{i} * 2 * image.pointer_size;
    const std::optional<std::uint64_t> id = path.memory.number_at(slot, 4);
    if (!id || *id == 0) return;
    const Pointer value = path.memory.pointer_at(slot + image.pointer_size);
    const Section* section = value.kind == Pointer::Kind::address ? image.section_at(value.value) : nullptr;
    if (section == nullptr || !section->executable) continue;
    const model::SlotKind kind = model::slot_kind({3, 14}, static_cast<unsigned>(*id));
    if (kind == model::SlotKind::create || kind == model::SlotKind::exec) {
      found.push_back({hook, value.value, kind == model::SlotKind::create});
    }
  }
}

}  // namespace

std::vector<FunctionInHookSlot> find_functions_in_hook_slots(const Image& image) {
  std::vector<FunctionInHookSlot> found;
  // Only what PyModuleDef_Init() was given is a definition; hooks that make their module themselves are long to read.
  if (!image.imports_symbol("PyModuleDef_Init")) return found;
  std::optional<HookReader> reader;
  std::size_t hooks = 0;
  for (const Symbol& symbol : image.symbols) {
    if (!symbol.exported || symbol.kind != Symbol::Kind::function || !model::parse_hook(symbol.name)) continue;
    if (++hooks > most_hooks) break;
    if (!reader) reader.emplace(image);
    for (const HookPath& path : reader->read(symbol.address).paths) {
      if (path.returns != HookPath::Returns::definition || path.address == 0) continue;
      for (const model::PythonLayout& layout : model::python_layouts(image.pointer_size)) {
        const std::uint64_t field = path.address + layout.module_def_base + m_slots * image.pointer_size;
        const Pointer slots = path.memory.pointer_at(field);
        if (slots.kind == Pointer::Kind::address) take_slots(path, symbol.address, slots.value, found);
      }
    }
  }
  const auto order = [](const FunctionInHookSlot& slot) { return std::tuple(slot.hook, slot.function, slot.creates); };
  std::ranges::sort(found, {}, order);
  found.erase(std::ranges::unique(found, {}, order).begin(), found.end());
  return found;
}

}  // namespace isoaudit::analyzer
