#include "rules/code_report.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "rules/code_variables.h"
#include "rules/generated.h"

namespace isoaudit::rules {
namespace {

using model::GlobalKind;

GlobalKind kind_of(const CodeVariable& variable) {
  switch (variable.kind) {
    case VariableKind::static_type: return GlobalKind::static_type;
    case VariableKind::thread_state: return GlobalKind::thread_state;
    case VariableKind::exception: return GlobalKind::exception;
    case VariableKind::heap_type_pointer: return GlobalKind::type;
    case VariableKind::string_cache: return GlobalKind::string;
    case VariableKind::module_pointer: return GlobalKind::module;
    case VariableKind::static_instance: return GlobalKind::static_object;
    case VariableKind::thread_local_object:
    case VariableKind::local_object:
    case VariableKind::free_list:
    case VariableKind::cxx_object:
    case VariableKind::module_object:
    case VariableKind::object_cache: return GlobalKind::object;
    case VariableKind::pymem_block: return GlobalKind::pymem_block;
    case VariableKind::capsule_api: return GlobalKind::capsule_api;
    case VariableKind::borrowed_text:
    case VariableKind::registration:
    case VariableKind::definition_table:
    case VariableKind::cxx_container:
    case VariableKind::harmless:
    case VariableKind::plain: break;
  }
  const bool counts = std::ranges::any_of(
      variable.writes, [](const model::CodeWrite* write) { return write->value == model::StoredValue::changed; });
  return counts ? GlobalKind::counter : GlobalKind::data;
}

model::GlobalWriter writer_of(const model::CodeWrite& write) {
  model::GlobalWriter writer;
  writer.function = write.function;
  for (const model::Reached& reached : write.reached) {
    if (writer.when.empty() || writer.when.back() != reached.when) writer.when.push_back(reached.when);
    if (writer.path.empty()) writer.path = reached.path;
  }
  writer.value = value_words(write);
  writer.guard = write.guard;
  writer.atomic = write.atomic;
  writer.where = write.where;
  return writer;
}

}  // namespace

model::CodeReport code_report(const model::BinaryFacts& binary) {
  model::CodeReport report{binary.code.read, binary.code.why_not, binary.code.text, {}};
  std::vector<CodeVariable> variables = code_variables(binary);
  count_readers(binary, variables);
  for (const CodeVariable& variable : variables) {
    model::GlobalVariable& global = report.globals.emplace_back();
    global.name = plain_symbol(variable.name);
    global.section = variable.section;
    global.offset = variable.offset;
    global.size = variable.size;
    global.kind = kind_of(variable);
    global.explained = variable.explained;
    global.generator = generator_of(variable, binary);
    if (variable.declared != nullptr) global.declared_type = variable.declared->declared_type;
    global.readers = variable.readers;
    for (const model::CodeWrite* write : variable.writes) {
      model::GlobalWriter writer = writer_of(*write);
      if (std::ranges::find(global.writers, writer) == global.writers.end())
        global.writers.push_back(std::move(writer));
    }
  }
  return report;
}

}  // namespace isoaudit::rules
