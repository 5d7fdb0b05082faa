#pragma once

#include "analyzer/binary/collect_binary.h"
#include "analyzer/records/model_fields.h"
#include "model/binary_facts.h"

/// What model_fields.h says, for what is read from compiled modules.
namespace isoaudit::analyzer::records {

template <class Visit>
void fields(model::BinaryEntryPoint& value, Visit&& visit) {
  auto& [entry, versions, by_file_name] = value;
  visit(entry, versions, by_file_name);
}

template <class Visit>
void fields(model::StaticObject& value, Visit&& visit) {
  auto& [kind, symbol, type_name, section, offset, size, unit, declared_type, declared_file, declared_line] = value;
  visit(kind, symbol, type_name, section, offset, size, unit, declared_type, declared_file, declared_line);
}

template <class Visit>
void fields(model::CodeRead& value, Visit&& visit) {
  auto& [section, offset, function] = value;
  visit(section, offset, function);
}

template <class Visit>
void fields(model::CodeWrite& value, Visit&& visit) {
  auto& [symbol, section, offset, function, atomic, passed_to, size, stored_value, stored, result_of, name, guard,
         reached, where] = value;
  visit(symbol, section, offset, function, atomic, passed_to, size, stored_value, stored, result_of, name, guard,
        reached, where);
}

template <class Visit>
void fields(model::CodeTime& value, Visit&& visit) {
  auto& [decoding, propagation, call_graph, debug_lines] = value;
  visit(decoding, propagation, call_graph, debug_lines);
}

template <class Visit>
void fields(model::CodeFacts& value, Visit&& visit) {
  auto& [read, why_not, writes, reads, text, time] = value;
  visit(read, why_not, writes, reads, text, time);
}

template <class Visit>
void fields(model::Footprint& value, Visit&& visit) {
  auto& [data, zero, thread_local_, constructors, static_guards] = value;
  visit(data, zero, thread_local_, constructors, static_guards);
}

template <class Visit>
void fields(model::BinaryFacts& value, Visit&& visit) {
  auto& [path, module, import_root, sha256, format, arch, abi_tag, named, importable_by, framework, framework_version,
         entry_points, api_imports, static_objects, libraries, guard_texts, linked_in, capsule_names, footprint, code] =
      value;
  visit(path, module, import_root, sha256, format, arch, abi_tag, named, importable_by, framework, framework_version,
        entry_points, api_imports, static_objects, libraries, guard_texts, linked_in, capsule_names, footprint, code);
}

template <class Visit>
void fields(BinaryResult& value, Visit&& visit) {
  auto& [facts, other_slices, gaps, not_an_extension] = value;
  visit(facts, other_slices, gaps, not_an_extension);
}

}  // namespace isoaudit::analyzer::records
