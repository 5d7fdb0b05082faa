#include "analyzer/binary/entry_points.h"

#include <algorithm>
#include <optional>

#include "analyzer/binary/built_in_modules.h"
#include "analyzer/binary/footprint.h"
#include "analyzer/binary/layouts.h"
#include "analyzer/binary/module_def.h"
#include "analyzer/binary/slots.h"
#include "analyzer/code/read_hook.h"
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

/// What is known of one hook without regard to a version: how the module is made, from what, and in which memory.
struct Making {
  model::Init init = model::Init::undetermined;
  /// The definition, or the slots of an export hook, lie at a known address in `memory`.
  std::optional<ModuleDef> def{};
  std::uint64_t slots = 0;
  std::optional<Memory> memory{};
  /// As long as the hook's code was not read, it may store what it likes.
  UntouchedSlots untouched{.filled_by = ", which the hook may fill"};
  std::string undetermined_reason{};
  std::string invalid{};
  /// Why the hook's code, which might have told, was not read; empty when it was.
  std::string code_not_read{};
};

class Reader {
 public:
  Reader(const Image& image, const model::TagVersions& tag, model::Framework framework)
      : image_(image),
        memory_(image),
        framework_(framework),
        tag_(tag),
        hooks_(find_hooks(image)),
        layouts_(layouts_of(tag, image.pointer_size)),
        code_(image) {
    std::vector<std::string> names;
    for (const Hook& hook : hooks_) names.push_back(hook.name.module);
    has_constructors_ = footprint_of(image_).constructors > 0;
    if (!hooks_.empty()) defs_ = find_module_defs(memory_, layouts_, names);
  }

  const std::vector<Hook>& hooks() const { return hooks_; }

  /// The ways through a hook that end in different makings; one when all agree.
  std::vector<Making> makings(const Hook& hook, unsigned depth = 0) {
    const HookReading reading = code_.read(hook.address);
    std::vector<Making> found;
    for (const HookPath& path : reading.paths) {
      if (const Hook* sibling = sibling_called(hook, path); sibling != nullptr && depth < hooks_.size()) {
        for (Making& making : makings_of_sibling(*sibling, depth)) found.push_back(std::move(making));
        continue;
      }
      std::optional<Making> making = from_path(hook, path, reading);
      // Two ways may pass on one definition and leave different slots in it.
      if (making) found.push_back(std::move(*making));
    }
    if (!found.empty()) return found;
    return {without_path(hook, reading)};
  }

  model::EntryPoint read(const Hook& hook, const Making& making, model::PythonVersion version) const {
    model::EntryPoint entry;
    entry.symbol = hook.symbol;
    entry.module = hook.name.module;
    entry.init = making.init;
    const Memory& memory = making.memory ? *making.memory : memory_;
    if (!making.invalid.empty()) {
      entry.declares = no_definition();
      entry.declares.invalid = making.invalid;
    } else if (!making.undetermined_reason.empty()) {
      entry.declares = undetermined(making.undetermined_reason);
    } else if (making.init == model::Init::export_slots) {
      entry.declares = decode_export_slots(memory, making.slots, version, making.untouched);
    } else if (making.init == model::Init::single_phase) {
      entry.declares = making.def ? declare_single_phase(*making.def) : no_definition();
    } else if (making.def) {
      entry.declares = decode_definition(memory, *making.def, version, making.untouched);
    }
    std::string& reason = entry.declares.undetermined_reason;
    if (!reason.empty() && !making.code_not_read.empty()) reason += "; its code is not read: " + making.code_not_read;
    return entry;
  }

 private:
  /// The other hook of this file whose result this way returns.
  const Hook* sibling_called(const Hook& hook, const HookPath& path) const {
    if (path.returns != HookPath::Returns::other_call || path.callee == hook.symbol) return nullptr;
    const auto sibling = std::ranges::find(hooks_, path.callee, &Hook::symbol);
    return sibling == hooks_.end() ? nullptr : &*sibling;
  }

  std::vector<Making> makings_of_sibling(const Hook& sibling, unsigned depth) {
    if (image_.format != model::BinaryFormat::elf || !may_be_built_in(sibling.name.module)) {
      return makings(sibling, depth + 1);
    }
    Making making;
    making.undetermined_reason =
        "it calls " + sibling.symbol + ", which the interpreter may export for a built-in module of its own";
    return {making};
  }

  static model::Declaration no_definition() {
    model::Declaration declares;
    declares.multiple_interpreters = model::MultipleInterpreters::absent;
    declares.gil = model::GilUse::absent;
    return declares;
  }

  /// Where some ways through the hook were given up, what this way stored still stands.
  UntouchedSlots untouched_after(const HookPath& path, const HookReading& reading) const {
    if (path.runs_unfollowed) return {", which code that it runs and that is not followed may fill", true};
    if (has_constructors_) return {", which the file's constructors, whose code is not followed, may fill"};
    if (reading.incomplete) return {", which a way that is not followed to its end may fill"};
    return {};
  }

  /// What one way through the hook makes; empty when it only fails, or tells nothing.
  std::optional<Making> from_path(const Hook& hook, const HookPath& path, const HookReading& reading) const {
    using Returns = HookPath::Returns;
    Making making{.memory = path.memory, .untouched = untouched_after(path, reading)};
    if (hook.name.is_export) {
      if (path.returns != Returns::address) return std::nullopt;
      making.init = model::Init::export_slots;
      making.slots = path.address;
      return making;
    }
    switch (path.returns) {
      case Returns::definition:
        making.init = model::Init::multi_phase;
        if (path.address != 0) making.def = definition_at(*making.memory, path.address);
        if (path.address == 0) making.undetermined_reason = "dynamic definition: its PyModuleDef is made at run time";
        if (path.address != 0 && !making.def) {
          making.undetermined_reason = "runtime-filled: its PyModuleDef is filled at run time";
        }
        return making;
      case Returns::module:
        making.init = model::Init::single_phase;
        if (path.address != 0) making.def = definition_at(*making.memory, path.address);
        return making;
      case Returns::other_call:
        if (!is_boost_init_module(path.callee)) return std::nullopt;
        making.init = model::Init::single_phase;
        return making;
      case Returns::address:
        // An object that no function of the API made: CPython refuses it.
        making.invalid = "the hook returns an object that was not initialised";
        return making;
      default: return std::nullopt;
    }
  }

  /// The layout of a file that several versions load is the one that fits: they differ in nothing that is read here.
  std::optional<ModuleDef> definition_at(const Memory& memory, std::uint64_t address) const {
    for (const model::PythonLayout* layout : layouts_) {
      if (std::optional<ModuleDef> def = read_module_def(memory, address, *layout)) return def;
    }
    return std::nullopt;
  }

  /// No way through the hook told: what the file imports and holds.
  Making without_path(const Hook& hook, const HookReading& reading) const {
    Making making;
    if (!reading.read) making.code_not_read = reading.why_not;
    const auto calls = [&](std::string_view name) { return std::ranges::binary_search(reading.calls, name); };
    if (only_fails(reading)) {
      making.invalid = "the hook returns NULL";
      if (hook.name.is_export) making.init = model::Init::export_slots;
      return making;
    }
    if (hook.name.is_export) {
      making.init = model::Init::export_slots;
      making.undetermined_reason = "the hook's slots are made at run time";
      return making;
    }
    const bool multi = image_.imports_symbol("PyModuleDef_Init");
    const bool single = image_.imports_symbol("PyModule_Create2") || image_.imports_symbol("PyModule_FromDefAndSpec2");
    const ModuleDef* def = def_of(hook);
    if (multi && (!single || calls("PyModuleDef_Init") || (def != nullptr && !def->slots.is_null()))) {
      making.init = model::Init::multi_phase;
      if (def != nullptr) making.def = *def;
      if (def == nullptr) making.undetermined_reason = "dynamic definition: no static PyModuleDef belongs to this hook";
    } else if (multi && single && !calls("PyModule_Create2")) {
      making.undetermined_reason = "the file calls both PyModuleDef_Init and PyModule_Create2";
    } else if (single || made_elsewhere() || std::ranges::any_of(reading.calls, is_boost_init_module)) {
      making.init = model::Init::single_phase;
      if (def != nullptr) making.def = *def;
    } else {
      making.undetermined_reason = "the file imports no function that makes a module";
    }
    return making;
  }

  /// boost::python::detail::init_module, as GCC, Clang and Visual C++ name it: Boost calls PyModule_Create in its
  /// library.
  static bool is_boost_init_module(std::string_view name) {
    return name.starts_with("_ZN5boost6python6detail11init_module") ||
           name.starts_with("?init_module@detail@python@boost@@");
  }

  static bool only_fails(const HookReading& reading) {
    return reading.read && !reading.incomplete && !reading.paths.empty() &&
           std::ranges::all_of(reading.paths, [](const HookPath& p) { return p.returns == HookPath::Returns::null; });
  }

  /// cffi and mypyc leave the making to another library, which makes it in one phase. Free-threaded mypyc does not.
  bool made_elsewhere() const {
    return framework_ == model::Framework::cffi || (framework_ == model::Framework::mypyc && !tag_.free_threaded);
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
  model::TagVersions tag_;
  std::vector<Hook> hooks_;
  std::vector<const model::PythonLayout*> layouts_;
  std::vector<ModuleDef> defs_{};
  bool has_constructors_ = false;
  HookReader code_;
};

/// Several ways that declare different things: what they agree on stays, the rest is open.
model::EntryPoint join(const std::vector<model::EntryPoint>& ways) {
  model::EntryPoint entry = ways.front();
  for (const model::EntryPoint& way : ways) {
    if (way == entry) continue;
    model::Declaration& declares = entry.declares;
    if (way.init != entry.init) entry.init = model::Init::undetermined;
    if (way.declares.multiple_interpreters != declares.multiple_interpreters) {
      declares.multiple_interpreters = model::MultipleInterpreters::undetermined;
      declares.undetermined_reason = "the hook decides at run time between several declarations";
    }
    if (way.declares.gil != declares.gil) declares.gil = model::GilUse::undetermined;
    if (way.declares.state_size != declares.state_size) declares.state_size.reset();
    if (declares.undetermined_reason.empty()) declares.undetermined_reason = way.declares.undetermined_reason;
    if (way.declares.invalid != declares.invalid) declares.invalid.clear();
  }
  return entry;
}

/// A hook's suffix has '_' where the module's name has '-'.
std::string as_hook_suffix(std::string stem) {
  std::ranges::replace(stem, '-', '_');
  return stem;
}

}  // namespace

std::vector<model::BinaryEntryPoint> read_entry_points(const Image& image, const std::string& stem,
                                                       const model::TagVersions& tag, model::Framework framework) {
  Reader reader(image, tag, framework);
  std::vector<model::BinaryEntryPoint> rows;
  const auto exports = [&](const std::string& module) {
    return std::ranges::any_of(reader.hooks(),
                               [&](const Hook& h) { return h.name.is_export && h.name.module == module; });
  };
  for (const Hook& hook : reader.hooks()) {
    const std::size_t first = rows.size();
    const std::vector<Making> makings = reader.makings(hook);
    const auto add = [&](std::optional<model::PythonVersion> version) {
      std::vector<model::EntryPoint> ways;
      for (const Making& making : makings) {
        ways.push_back(reader.read(hook, making, version.value_or(model::PythonVersion{3, 12})));
      }
      model::EntryPoint entry = join(ways);
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
