#include "analyzer/source/unit_record.h"

#include "analyzer/records/encode.h"
#include "analyzer/records/model_fields.h"

namespace isoaudit::analyzer::records {

template <class Visit>
void fields(model::Write& value, Visit&& visit) {
  auto& [where, kind, part, stored_value, callee, stored, guard, reached] = value;
  visit(where, kind, part, stored_value, callee, stored, guard, reached);
}

template <class Visit>
void fields(model::Variable& value, Visit&& visit) {
  auto& [name, qualified_name, linkage_name, type, canonical_type, python_type, storage, linkage, is_const,
         is_thread_local, is_atomic, has_initialiser, has_dynamic_init, initialiser_callee, holds_static, points_to,
         address_taken, is_read, generator, macro, where, unit, writes] = value;
  visit(name, qualified_name, linkage_name, type, canonical_type, python_type, storage, linkage, is_const,
        is_thread_local, is_atomic, has_initialiser, has_dynamic_init, initialiser_callee, holds_static, points_to,
        address_taken, is_read, generator, macro, where, unit, writes);
}

template <class Visit>
void fields(model::ApiUse& value, Visit&& visit) {
  auto& [name, where, unit, read, literals, once, generator, made_of_line, only_asked_for_null, only_compared,
         reached] = value;
  visit(name, where, unit, read, literals, once, generator, made_of_line, only_asked_for_null, only_compared, reached);
}

template <class Visit>
void fields(model::TypeSpec& value, Visit&& visit) {
  auto& [name, type_name, where, unit, generator, flags, has_base, traverse, dealloc] = value;
  visit(name, type_name, where, unit, generator, flags, has_base, traverse, dealloc);
}

template <class Visit>
void fields(model::HandedCallback& value, Visit&& visit) {
  auto& [api, callback, where, unit, on_own_handle] = value;
  visit(api, callback, where, unit, on_own_handle);
}

template <class Visit>
void fields(model::SourceEntryPoint& value, Visit&& visit) {
  auto& [entry, where, declaration, unit, generator] = value;
  visit(entry, where, declaration, unit, generator);
}

template <class Visit>
void fields(model::Unit& value, Visit&& visit) {
  auto& [file, defines, refers, modules, includes, incomplete] = value;
  visit(file, defines, refers, modules, includes, incomplete);
}

template <class Visit>
void fields(Passed& value, Visit&& visit) {
  auto& [callee, parameter, otherwise, write] = value;
  visit(callee, parameter, otherwise, write);
}

template <class Visit>
void fields(VariableUses& value, Visit&& visit) {
  auto& [is_read, address_taken, writes, passed] = value;
  visit(is_read, address_taken, writes, passed);
}

template <class Visit>
void fields(FunctionFacts& value, Visit&& visit) {
  auto& [id, name, parameters, only_here, calls, main_calls, last_calls, hands_out] = value;
  visit(id, name, parameters, only_here, calls, main_calls, last_calls, hands_out);
}

template <class Visit>
void fields(EntryIntoCode& value, Visit&& visit) {
  auto& [function, when, how] = value;
  visit(function, when, how);
}

template <class Visit>
void fields(UnitFacts& value, Visit&& visit) {
  auto& [unit, variables, passed, external_uses, functions, entries, entry_points, api_uses, type_specs,
         handed_callbacks, gaps] = value;
  visit(unit, variables, passed, external_uses, functions, entries, entry_points, api_uses, type_specs,
        handed_callbacks, gaps);
}

template <class Visit>
void fields(Lookup& value, Visit&& visit) {
  auto& [path, answer, answer_value] = value;
  visit(path, answer, answer_value);
}

template <class Visit>
void fields(CachedUnit& value, Visit&& visit) {
  auto& [shared, own, facts] = value;
  visit(shared, own, facts);
}

template <class Visit>
void fields(model::SourceFacts& value, Visit&& visit) {
  auto& [units, entry_points, variables, api_uses, type_specs, handed_callbacks] = value;
  visit(units, entry_points, variables, api_uses, type_specs, handed_callbacks);
}

template <class Visit>
void fields(CachedProgram& value, Visit&& visit) {
  auto& [lookups, facts_name, gaps] = value;
  visit(lookups, facts_name, gaps);
}

}  // namespace isoaudit::analyzer::records

namespace isoaudit::analyzer {
std::string to_bytes(const UnitFacts& facts) { return records::encode(facts); }
bool from_bytes(std::string_view bytes, UnitFacts& facts) { return records::decode(bytes, facts); }
std::string to_bytes(const std::vector<Lookup>& lookups) { return records::encode(lookups); }
bool from_bytes(std::string_view bytes, std::vector<Lookup>& lookups) { return records::decode(bytes, lookups); }
std::string to_bytes(const CachedUnit& unit) { return records::encode(unit); }
bool from_bytes(std::string_view bytes, CachedUnit& unit) { return records::decode(bytes, unit); }
std::string to_bytes(const model::SourceFacts& facts) { return records::encode(facts); }
bool from_bytes(std::string_view bytes, model::SourceFacts& facts) { return records::decode(bytes, facts); }
std::string to_bytes(const CachedProgram& program) { return records::encode(program); }
bool from_bytes(std::string_view bytes, CachedProgram& program) { return records::decode(bytes, program); }

}  // namespace isoaudit::analyzer
