#include "rules/code_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "rules/data_methods.h"
#include "rules/generated.h"
#include "rules/harmless.h"
#include "rules/stored_kind.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::CodeWrite;
using model::StaticObject;
using model::StoredValue;

constexpr std::uint64_t pointer_size = 8;

/// What lies where in the module's own memory.
class Places {
 public:
  explicit Places(const BinaryFacts& binary) {
    for (const StaticObject& object : binary.static_objects) {
      const StaticObject*& entry = objects_[{object.section, object.offset}];
      // A type and the variable that it is lie at one place: the type tells more.
      if (entry == nullptr || object.kind < entry->kind) entry = &object;
      if (!object.declared_type.empty()) declared_[{object.section, object.offset}] = &object;
    }
  }

  const StaticObject* holding(const CodeWrite& write) const {
    auto next = objects_.upper_bound({write.section, write.offset});
    if (next == objects_.begin()) return nullptr;
    const auto& [key, object] = *std::prev(next);
    if (key.first != write.section) return nullptr;
    return write.offset < key.second + std::max<std::uint64_t>(object->size, 1) ? object : nullptr;
  }

  const StaticObject* declared(const CodeVariable& variable) const {
    const auto entry = declared_.find({variable.section, variable.offset});
    return entry == declared_.end() ? nullptr : entry->second;
  }

 private:
  using Key = std::pair<std::string_view, std::uint64_t>;
  std::map<Key, const StaticObject*> objects_{};
  std::map<Key, const StaticObject*> declared_{};
};

bool is_guarded(const CodeWrite& write) { return write.atomic || !write.guard.empty(); }

std::uint64_t end_of(const CodeWrite& write) { return write.offset + std::max<std::uint64_t>(write.size, 1); }

/// Py_INCREF and Py_DECREF of a static object, which the head of every static object makes immortal (PEP 683): they
/// look before they count, and never do.
bool counts_references(const CodeWrite& write, const Places& places) {
  const StaticObject* object = places.holding(write);
  return object != nullptr && object->kind != StaticObject::Kind::variable && write.offset == object->offset &&
         write.passed_to.empty() && write.value == StoredValue::changed && (write.size == 4 || write.size == 8);
}

/// Writes in the order of their places → variables: what the file names, else what one store or several that overlap
/// fill.
std::vector<CodeVariable> grouped(const BinaryFacts& binary, const Places& places) {
  std::vector<const CodeWrite*> order;
  for (const CodeWrite& write : binary.code.writes) order.push_back(&write);
  std::ranges::stable_sort(order, {}, [](const CodeWrite* w) { return std::tie(w->section, w->offset); });
  std::vector<CodeVariable> variables;
  // Where the symbol's variable begins is not known: its first write stands for it.
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> by_symbol;
  std::map<const StaticObject*, std::size_t> by_object;
  std::optional<std::size_t> nameless, anywhere;
  for (const CodeWrite* write : order) {
    if (counts_references(*write, places)) continue;
    // Somewhere in thread-local memory: its offset names nobody.
    const bool somewhere = is_thread_local_section(write->section) && write->size == 0;
    const StaticObject* object = somewhere ? nullptr : places.holding(*write);
    std::size_t at = variables.size();
    if (somewhere) {
      at = anywhere.value_or(at);
      anywhere = at;
    } else if (object != nullptr) {
      at = by_object.try_emplace(object, at).first->second;
    } else if (!write->symbol.empty()) {
      at = by_symbol.try_emplace({write->section, write->symbol}, at).first->second;
    } else if (nameless && variables[*nameless].section == write->section &&
               write->offset < variables[*nameless].offset + variables[*nameless].size) {
      at = *nameless;
    } else {
      nameless = at;
    }
    if (at == variables.size()) {
      CodeVariable& fresh = variables.emplace_back();
      fresh.symbol = object != nullptr && !object->symbol.empty() ? object->symbol : write->symbol;
      fresh.section = write->section;
      fresh.somewhere = somewhere;
      fresh.offset = object != nullptr ? object->offset : write->offset;
      if (object != nullptr) {
        fresh.size = object->size;
        fresh.too_small = object->size != 0 && object->size < pointer_size;
        if (object->kind == StaticObject::Kind::type) fresh.kind = VariableKind::static_type;
        if (object->kind == StaticObject::Kind::instance) fresh.kind = VariableKind::static_instance;
        fresh.sure = fresh.kind != VariableKind::plain;
        if (fresh.symbol.empty()) fresh.name = object->type_name;
      }
    }
    CodeVariable& variable = variables[at];
    if (variable.name.empty()) variable.name = write->name.empty() ? variable.symbol : write->name;
    if (somewhere) variable.name = "thread-local memory";
    if (object == nullptr) variable.size = std::max(variable.size, end_of(*write) - variable.offset);
    variable.writes.push_back(write);
  }
  return variables;
}

model::Write as_source_write(const CodeWrite& write, bool no_object) {
  model::Write same;
  same.value = write.value;
  same.stored = write.stored;
  same.reached = write.reached;
  same.callee = write.passed_to.empty() ? write.result_of : write.passed_to;
  if (!write.passed_to.empty()) {
    same.kind = model::WriteKind::address_passed;
  } else if (write.value == StoredValue::changed) {
    same.kind = model::WriteKind::compound;
  }
  if (!write.result_of.empty()) same.value = StoredValue::call;
  // A lock guards data; what may be an object it does not help.
  if (no_object || !may_store_object(write)) {
    same.guard = write.atomic && write.guard.empty() ? "an atomic instruction" : write.guard;
  }
  return same;
}

/// Words that no other store overlaps, each with its writes; all in one where they cannot be told apart.
std::vector<std::vector<model::Write>> by_word(const CodeVariable& variable) {
  const bool number = variable.declared != nullptr && is_number_type(variable.declared->declared_type);
  const bool no_object = number || variable.too_small;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<model::Write>> words;
  for (const CodeWrite* write : variable.writes) {
    words[{write->offset, write->size}].push_back(as_source_write(*write, no_object));
  }
  std::vector<std::vector<model::Write>> apart;
  std::uint64_t end = 0;
  bool overlap = false;
  for (auto& [place, writes] : words) {
    // Of unknown size: it may reach as far as the variable does.
    overlap = overlap || place.first < end || (place.second == 0 && words.size() > 1);
    end = place.first + place.second;
    apart.push_back(std::move(writes));
  }
  if (!overlap) return apart;
  std::vector<model::Write> all;
  for (const auto& writes : apart) {
    for (model::Write write : writes) {
      write.kind = model::WriteKind::member;
      all.push_back(std::move(write));
    }
  }
  return {all};
}

bool keeps_objects(VariableKind kind) { return kind != VariableKind::plain && kind != VariableKind::capsule_api; }

/// What every interpreter may hold: the singletons, builtin types and exceptions; NULL before and after.
bool only_immortal(const CodeVariable& variable) {
  const auto immortal = [](const CodeWrite* write) {
    return write->passed_to.empty() && write->value == StoredValue::immortal;
  };
  return variable.kind == VariableKind::plain && std::ranges::any_of(variable.writes, immortal) &&
         std::ranges::all_of(variable.writes, [&](const CodeWrite* write) {
           const bool null =
               write->passed_to.empty() && write->value == StoredValue::constant && write->stored == "0x0";
           return immortal(write) || null;
         });
}

/// datetime and numpy have rules of their own: pointers to their APIs are theirs. So is what a module keeps of a
/// capsule whose name is not seen, when it names no other.
bool is_told_elsewhere(const CodeVariable& variable, const BinaryFacts& binary) {
  if (is_header_static(plain_symbol(variable.symbol))) return true;
  const bool names_no_other =
      !binary.capsule_names.empty() && std::ranges::all_of(binary.capsule_names, capsule_has_its_own_rule);
  return std::ranges::all_of(variable.writes, [&](const CodeWrite* write) {
    const bool named = kind_of_store(*write) == VariableKind::capsule_api && !write->stored.empty();
    return named ? capsule_has_its_own_rule(write->stored) : names_no_other || write->stored == "0x0";
  });
}

/// Nothing of it takes a Python object, and safe Rust may use all of it from every thread.
bool is_of_rusts_library(const CodeVariable& variable) {
  const std::string_view symbol = variable.symbol;
  const bool is_rust = symbol.starts_with("_R") || (symbol.starts_with("_ZN") && symbol.find("17h") != symbol.npos);
  std::string_view name = variable.name;
  if (name.starts_with('<')) name.remove_prefix(1);
  constexpr std::string_view crates[] = {"alloc::", "core::", "std::", "std_detect::"};
  return is_rust && std::ranges::any_of(crates, [&](std::string_view crate) { return name.starts_with(crate); });
}

/// A method of std::string gets it from its first byte, and all else goes to so many bytes.
bool is_text(const CodeVariable& variable) {
  const auto begin = std::ranges::find_if(variable.writes, [&](const CodeWrite* write) {
    return write->offset == variable.offset && is_text_method(write->passed_to);
  });
  if (begin == variable.writes.end()) return false;
  return std::ranges::all_of(variable.writes, [&](const CodeWrite* write) {
    return write->size != 0 && end_of(*write) <= variable.offset + (*begin)->size;
  });
}

std::string why_explained(const CodeVariable& variable, const BinaryFacts& binary) {
  // A pointer to a block is no object, and the block may hold some.
  const bool in_place = variable.kind == VariableKind::thread_local_object && !variable.somewhere;
  if (in_place && is_text(variable)) return "a text of each thread";
  if (in_place && !variable.sure && variable.declared != nullptr && is_number_type(variable.declared->declared_type)) {
    return "a number of each thread";
  }
  if (variable.kind == VariableKind::capsule_api && is_told_elsewhere(variable, binary))
    return "C API that a rule of its own tells of";
  if (variable.kind == VariableKind::plain && is_header_static(plain_symbol(variable.symbol)))
    return "a variable that a header defines for itself";
  if (is_of_rusts_library(variable)) return "of Rust's standard library, which is made for threads";
  if (only_immortal(variable)) return "only ever holds immortal objects";
  if (variable.kind == VariableKind::plain && is_guarded(variable) &&
      is_guarded_table(generator_of(variable, binary), plain_symbol(variable.name))) {
    return "a table of all interpreters, every write of which is guarded";
  }
  return explain_writes(by_word(variable), keeps_objects(variable.kind));
}

void judge_kind(CodeVariable& variable) {
  for (const CodeWrite* write : variable.writes) {
    const VariableKind kind = kind_of_store(*write);
    if (kind >= variable.kind) continue;
    variable.kind = kind;
    variable.sure = true;
  }
  if (variable.kind == VariableKind::plain && variable.declared != nullptr) {
    variable.kind = kind_of_declared(variable.declared->declared_type);
  }
  // Only what may be an object is told of there.
  if (is_thread_local_section(variable.section)) variable.kind = VariableKind::thread_local_object;
}

}  // namespace

std::vector<CodeVariable> code_variables(const BinaryFacts& binary) {
  const Places places(binary);
  std::vector<CodeVariable> variables = grouped(binary, places);
  for (CodeVariable& variable : variables) {
    if (!variable.somewhere) variable.declared = places.declared(variable);
    judge_kind(variable);
    variable.explained = why_explained(variable, binary);
    std::ranges::stable_sort(variable.writes, {}, [](const CodeWrite* write) {
      // A copy that the compiler has put into its only caller stays behind, and nothing leads to it.
      const bool never = nothing_leads_to(write->reached);
      // Of memory that a lock may help the store without one is the news.
      return std::tuple(never, kind_of_store(*write), is_guarded(*write), !write->passed_to.empty());
    });
  }
  std::ranges::stable_sort(variables, {}, [](const CodeVariable& v) { return std::tie(v.section, v.offset); });
  return variables;
}

bool is_guarded(const CodeVariable& variable) {
  return std::ranges::all_of(variable.writes, [](const CodeWrite* write) { return is_guarded(*write); });
}

void count_readers(const BinaryFacts& binary, std::vector<CodeVariable>& variables) {
  std::map<std::pair<std::string_view, std::uint64_t>, std::size_t> starts;
  for (std::size_t i = 0; i < variables.size(); ++i) starts[{variables[i].section, variables[i].offset}] = i;
  std::vector<std::set<std::string_view>> functions(variables.size());
  for (const model::CodeRead& read : binary.code.reads) {
    const auto next = starts.upper_bound({read.section, read.offset});
    if (next == starts.begin()) continue;
    const std::size_t i = std::prev(next)->second;
    const CodeVariable& variable = variables[i];
    if (variable.section != read.section) continue;
    if (read.offset - variable.offset < std::max<std::uint64_t>(variable.size, 1)) functions[i].insert(read.function);
  }
  for (std::size_t i = 0; i < variables.size(); ++i) variables[i].readers = functions[i].size();
}

std::string generator_of(const CodeVariable& variable, const BinaryFacts& binary) {
  if (binary.framework == model::Framework::none) return {};
  std::string generator = to_string(binary.framework);
  const std::string_view name = variable.symbol.empty() ? std::string_view() : variable.name;
  return is_generators_in_binary(generator, name) ? generator : std::string();
}

namespace {

/// "memset()"; what is no name stays as it is: "a function called through a pointer".
std::string called(const std::string& function) {
  return function.find_first_of(" (") == std::string::npos ? function + "()" : function;
}

}  // namespace

std::string write_words(const CodeWrite& write, const std::string& variable) {
  const std::string function = write.function.empty() ? "a function" : "`" + write.function + "`";
  if (!write.passed_to.empty())
    return fmt::format("{} passes the address of `{}` to {}", function, variable, called(write.passed_to));
  if (!write.result_of.empty()) {
    return fmt::format("{} stores the result of {} to `{}`", function, called(write.result_of), variable);
  }
  if (write.value == StoredValue::changed) return fmt::format("{} changes `{}`", function, variable);
  return fmt::format("{} stores to `{}`", function, variable);
}

std::string value_words(const CodeWrite& write) {
  if (!write.passed_to.empty()) return "its address to " + called(write.passed_to);
  if (!write.result_of.empty()) return "result of " + called(write.result_of);
  switch (write.value) {
    case StoredValue::constant: return write.stored.empty() ? "a constant" : write.stored;
    case StoredValue::immortal: return "an immortal object";
    case StoredValue::static_address: return write.stored.empty() ? "an address" : "address of " + write.stored;
    case StoredValue::call: return "a result";
    case StoredValue::parameter: return "an argument";
    case StoredValue::changed: return "old value, changed";
    case StoredValue::unknown: break;
  }
  return "";
}

}  // namespace isoaudit::rules
