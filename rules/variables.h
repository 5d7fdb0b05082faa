#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"
#include "rules/link_units.h"

namespace isoaudit::rules {

/// The one rule of group B that a variable falls under; the first that fits, most telling first.
enum class VariableKind {
  harmless,
  static_type,
  thread_state,
  thread_local_object,
  exception,
  heap_type_pointer,
  local_object,
  string_cache,
  module_pointer,
  static_instance,
  free_list,
  cxx_object,  ///< a C++ object that owns Python's
  module_object,
  object_cache,
  pymem_block,
  capsule_api,
  borrowed_text,  ///< a pointer into an object
  registration,   ///< a number that CPython gave to one interpreter
  definition_table,
  cxx_container,
  plain,
};

VariableKind classify(const model::Variable& variable);

/// What differs from rule to rule in a finding about a variable.
struct VariableWords {
  /// "is one type object for all interpreters": follows the variable's name and type.
  const char* harm;
  /// "make it a heap type ...": the variable's name goes where {} stands.
  const char* fix;
  /// "make them heap types ...": of several at once.
  const char* fix_of_many;
  /// `harm` for what the machine code stores there and may be something else.
  const char* maybe = nullptr;
  /// `harm` and `fix` where every store that machine code shows is guarded, and what is stored may be an object.
  const char* guarded = nullptr;
  const char* fix_guarded = nullptr;
};

/// Findings for every source variable of that kind. One finding for a generator's own statics of one unit.
std::vector<model::Finding> source_findings(const model::Facts& facts, VariableKind kind, model::Severity severity,
                                            const VariableWords& words);

/// Findings for objects that the run found in a module's own memory. `kind` is one of static_type, exception,
/// heap_type_pointer, static_instance, object_cache.
std::vector<model::Finding> run_findings(const model::Facts& facts, VariableKind kind, model::Severity severity,
                                         const VariableWords& words);

/// Findings for type objects in the data of compiled modules.
std::vector<model::Finding> static_type_findings(const model::Facts& facts, model::Severity severity,
                                                 const VariableWords& words);

/// "`cache` holds a dict".
std::string shared_text(const model::SharedObject& object);

/// What to call a place: its symbol without a compiler's suffixes, else its address.
std::string shown_name(const std::string& symbol, const std::string& address);

/// The last part of a demangled name: "ns::(anonymous)::cache" is "cache".
std::string short_name(const std::string& symbol);

/// Where something lies in a compiled file: ".bss+0x40", in a private library "libhelp.so:.bss+0x40".
std::string address_text(const std::string& library, const std::string& section, std::uint64_t offset);

bool is_thread_local_section(const std::string& section);

/// A variable's name as people write it: a compiler's suffixes gone ("cache.0", "lookup.cache", "cache.lto_priv.1").
std::string plain_symbol(const std::string& symbol);

}  // namespace isoaudit::rules
