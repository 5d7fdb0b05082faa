#include "analyzer/binary/entry_points.h"

#include <algorithm>
#include <optional>

#include "analyzer/binary/layouts.h"
#include "analyzer/binary/module_def.h"
#include "analyzer/binary/slots.h"
#include "model/module_definition.h"

namespace isoaudit::analyzer {
namespace {

constexpr model::PythonVersion first_with_export_hooks{3, 15};

struct Hook {
  std::string symbol{};
  model::HookName name{};
  std::uint64_t address = 0;
};

std::vector<Hook> find_hooks(const Image& image) {
  std::vector<Hook> hooks;
  for (const Symbol& symbol : image.symbols) {
    if (!symbol.exported || symbol.kind == Symbol::Kind::object || symbol.kind == Symbol::Kind::thread_local_) continue;
    if (auto name = model::parse_hook(symbol.name)) hooks.push_back({symbol.name, std::move(*name), symbol.address});
  }
  std::ranges::sort(hooks, {}, &Hook::symbol);
  return hooks;
}

model::Declaration undetermined(const std::string& reason) {
  model::Declaration declares;
  declares.undetermined_reason = reason;
  return declares;
}

class Reader {
 public:
  Reader(const Image& image, const model::TagVersions& tag, model::Framework framework)
      : image_(image), memory_(image), framework_(framework), hooks_(find_hooks(image)) {
    std::vector<std::string> names;
    for (const Hook& hook : hooks_) names.push_back(hook.name.module);
    layouts_ = layouts_of(tag);
    defs_ = find_module_defs(memory_, layouts_, names);
  }

  const std::vector<Hook>& hooks() const { return hooks_; }

  model::EntryPoint read(const Hook& hook, model::PythonVersion version) const {
    model::EntryPoint entry;
    entry.symbol = hook.symbol;
    entry.module = hook.name.module;
    if (image_.pointer_size != 8) {
      entry.declares = undetermined("32-bit layouts are not decoded");
      return entry;
    }
    if (hook.name.is_export) {
      entry.init = model::Init::export_slots;
      entry.declares = undetermined("the slots that the hook returns are not known without reading its code");
      return entry;
    }
    const bool multi = image_.imports_symbol("PyModuleDef_Init");
    const bool single = image_.imports_symbol("PyModule_Create2") || image_.imports_symbol("PyModule_FromDefAndSpec2");
    const ModuleDef* def = def_of(hook);
    if (multi && (!single || (def != nullptr && !def->slots.is_null()))) {
      entry.init = model::Init::multi_phase;
      entry.declares = def == nullptr ? undetermined("dynamic definition: no static PyModuleDef belongs to this hook")
                                      : decode_definition(memory_, *def, version, false);
    } else if (multi && single) {
      entry.declares = undetermined("the file calls both PyModuleDef_Init and PyModule_Create2");
    } else if (single || framework_ == model::Framework::mypyc || framework_ == model::Framework::cffi) {
      entry.init = model::Init::single_phase;
      entry.declares = def != nullptr ? declare_single_phase(*def) : no_definition();
    } else {
      entry.declares = undetermined("the file imports no function that makes a module");
    }
    return entry;
  }

 private:
  static model::Declaration no_definition() {
    model::Declaration declares;
    declares.multiple_interpreters = model::MultipleInterpreters::absent;
    declares.gil = model::GilUse::absent;
    return declares;
  }

  const ModuleDef* def_of(const Hook& hook) const {
    const ModuleDef* named = nullptr;
    for (const ModuleDef& def : defs_) {
      if (def.last_component() != hook.name.module) continue;
      if (named != nullptr) return nullptr;
      named = &def;
    }
    if (named != nullptr) return named;
    return defs_.size() == 1 && hooks_.size() == 1 ? defs_.data() : nullptr;
  }

  const Image& image_;
  Memory memory_;
  model::Framework framework_;
  std::vector<Hook> hooks_;
  std::vector<const model::PythonLayout*> layouts_{};
  std::vector<ModuleDef> defs_{};
};

/// A hook's suffix has '_' where the module's name has '-'.
std::string as_hook_suffix(std::string stem) {
  std::ranges::replace(stem, '-', '_');
  return stem;
}

}  // namespace

std::vector<model::BinaryEntryPoint> read_entry_points(const Image& image, const std::string& stem,
                                                       const model::TagVersions& tag, model::Framework framework) {
  const Reader reader(image, tag, framework);
  std::vector<model::BinaryEntryPoint> rows;
  const auto exports = [&](const std::string& module) {
    return std::ranges::any_of(reader.hooks(),
                               [&](const Hook& h) { return h.name.is_export && h.name.module == module; });
  };
  for (const Hook& hook : reader.hooks()) {
    const std::size_t first = rows.size();
    const auto add = [&](std::optional<model::PythonVersion> version) {
      model::EntryPoint entry = reader.read(hook, version.value_or(model::PythonVersion{3, 12}));
      auto row = std::find_if(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(),
                              [&](const model::BinaryEntryPoint& r) { return r.entry == entry; });
      if (row == rows.end()) {
        const bool by_name = hook.name.module == stem || hook.name.module == as_hook_suffix(stem);
        row = rows.insert(rows.end(), {std::move(entry), {}, by_name});
      }
      if (version) row->versions.push_back(*version);
    };
    for (const model::PythonVersion& version : tag.versions) {
      const bool knows_exports = version >= first_with_export_hooks;
      // Where both kinds of hook serve one name, 3.15 never calls PyInit_, and older ones know nothing else.
      if (hook.name.is_export ? knows_exports : !(knows_exports && exports(hook.name.module))) add(version);
    }
    if (rows.size() == first) add(std::nullopt);
  }
  return rows;
}

}  // namespace isoaudit::analyzer
