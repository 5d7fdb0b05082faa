#include "rules/code_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include "rules/declarations.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::CodeWrite;
using model::Facts;
using model::Finding;

/// What a stored result is, by the function that returned it (Doc/c-api). Longer prefixes first.
struct ResultKind {
  std::string_view prefix;
  VariableKind kind;
};
constexpr auto result_kinds = std::to_array<ResultKind>({
    {"PyErr_NewException", VariableKind::exception},
    {"PyType_From", VariableKind::heap_type_pointer},
    {"PyStructSequence_NewType", VariableKind::heap_type_pointer},
    {"PyEval_SaveThread", VariableKind::thread_state},
    {"PyThreadState_", VariableKind::thread_state},
    {"PyInterpreterState_", VariableKind::thread_state},
    {"PyUnicode_From", VariableKind::object_cache},
    {"PyUnicode_Intern", VariableKind::object_cache},
    {"PyBytes_From", VariableKind::object_cache},
    {"PyLong_From", VariableKind::object_cache},
    {"PyFloat_From", VariableKind::object_cache},
    {"PyDict_New", VariableKind::object_cache},
    {"PyList_New", VariableKind::object_cache},
    {"PyTuple_New", VariableKind::object_cache},
    {"PyTuple_Pack", VariableKind::object_cache},
    {"PySet_New", VariableKind::object_cache},
    {"PyFrozenSet_New", VariableKind::object_cache},
    {"PyCapsule_New", VariableKind::object_cache},
    {"PyImport_", VariableKind::object_cache},
    {"PyObject_Call", VariableKind::object_cache},
    {"PyObject_GetAttr", VariableKind::object_cache},
    {"Py_BuildValue", VariableKind::object_cache},
});

VariableKind kind_of(const CodeWrite& write) {
  const auto* row = std::ranges::find_if(
      result_kinds, [&](const ResultKind& known) { return write.result_of.starts_with(known.prefix); });
  return row == result_kinds.end() ? VariableKind::plain : row->kind;
}

/// The variables of a compiled module that its debug information declares, by place.
using Place = std::pair<std::string_view, std::uint64_t>;
using Declared = std::map<Place, const model::StaticObject*>;

Declared declared_variables(const BinaryFacts& binary) {
  Declared declared;
  for (const model::StaticObject& object : binary.static_objects) {
    if (!object.declared_type.empty()) declared.emplace(Place(object.section, object.offset), &object);
  }
  return declared;
}

/// What a variable is for, where nothing is known of what is stored.
VariableKind kind_by_type(std::string_view type) {
  if (type.starts_with("PyObject *")) return VariableKind::object_cache;
  if (type.starts_with("PyTypeObject *")) return VariableKind::heap_type_pointer;
  if (type.starts_with("PyThreadState *") || type.starts_with("PyInterpreterState *"))
    return VariableKind::thread_state;
  return VariableKind::plain;
}

/// Names of variables that the source of this module knows to be harmless, all of that name.
std::map<std::string, bool> harmless_names(const Facts& facts, const UnitLinks& links, const std::string& module) {
  std::map<std::string, bool> names;
  for (const model::Variable& variable : facts.source.variables) {
    const auto& modules = links.modules_of(variable.unit);
    if (std::ranges::find(modules, module) == modules.end()) continue;
    const bool harmless = classify(variable) == VariableKind::harmless;
    for (const std::string& name : {variable.name, variable.linkage_name}) {
      const auto [entry, added] = names.emplace(name, harmless);
      if (!added) entry->second = entry->second && harmless;
    }
  }
  return names;
}

std::string sentence(const CodeWrite& write, const std::string& shown) {
  const std::string function = write.function.empty() ? "a function" : "`" + write.function + "`";
  if (!write.passed_to.empty())
    return fmt::format("{} passes the address of `{}` to {}()", function, shown, write.passed_to);
  if (!write.result_of.empty()) {
    return fmt::format("{} stores the result of {}() to `{}`", function, write.result_of, shown);
  }
  return fmt::format("{} stores to `{}`", function, shown);
}

/// The writes of one variable, the most telling first.
using WritesByVariable = std::map<std::string, std::vector<const CodeWrite*>>;

WritesByVariable unexplained_writes(const Facts& facts, const UnitLinks& links, const BinaryFacts& binary) {
  const std::map<std::string, bool> harmless = harmless_names(facts, links, binary.module);
  WritesByVariable writes;
  for (const CodeWrite& write : binary.code.writes) {
    if (write.atomic || write.constructor) continue;
    const auto known = harmless.find(plain_symbol(write.symbol));
    if (known != harmless.end() && known->second) continue;
    writes[write.symbol.empty() ? address_text("", write.section, write.offset) : write.symbol].push_back(&write);
  }
  for (auto& [variable, list] : writes) {
    std::ranges::stable_sort(list, {}, [](const CodeWrite* write) {
      return std::tuple(kind_of(*write) == VariableKind::plain, !write->passed_to.empty());
    });
  }
  return writes;
}

}  // namespace

std::vector<Finding> code_findings(const Facts& facts, VariableKind kind, model::Severity severity,
                                   const VariableWords& words) {
  constexpr std::size_t most_reasons = 6;
  std::vector<Finding> findings;
  const UnitLinks links(facts);
  const std::vector<std::string> own_gil = own_gil_modules(facts);
  for (const BinaryFacts& binary : facts.binaries) {
    if (!std::ranges::binary_search(own_gil, binary.module)) continue;
    const Declared declared = declared_variables(binary);
    for (const auto& [variable, writes] : unexplained_writes(facts, links, binary)) {
      const CodeWrite& first = *writes.front();
      const auto declaration = declared.find(Place(first.section, first.offset));
      const VariableKind stored = kind_of(first);
      const bool by_type = stored == VariableKind::plain && declaration != declared.end();
      if ((by_type ? kind_by_type(declaration->second->declared_type) : stored) != kind) continue;
      Finding finding;
      const std::string address = address_text("", first.section, first.offset);
      const std::string shown = shown_name(first.name, address);
      finding.severity = severity;
      // Where what is stored is known to be an object, only its lock is open, and no lock helps an object.
      finding.status = stored == VariableKind::plain ? model::Status::possible : model::Status::likely;
      finding.subject = {short_name(first.name), first.symbol, "", address};
      finding.module = binary.module;
      finding.where.file = binary.path;
      finding.message = fmt::format("`{}` {}", shown, words.harm);
      finding.fix = fmt::format(fmt::runtime(words.fix), shown);
      for (std::size_t i = 0; i < std::min(writes.size(), most_reasons); ++i) {
        finding.because.push_back({model::EvidenceKind::code, sentence(*writes[i], shown), {}});
      }
      if (declaration != declared.end()) {
        const model::StaticObject& object = *declaration->second;
        finding.because.push_back({model::EvidenceKind::binary,
                                   fmt::format("declared as `{}` in {}:{}", object.declared_type,
                                               file_name(object.declared_file), object.declared_line),
                                   {}});
      }
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace isoaudit::rules
