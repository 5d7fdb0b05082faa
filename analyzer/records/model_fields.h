#pragma once

#include "model/gap.h"
#include "model/location.h"
#include "model/module_definition.h"
#include "model/python_version.h"
#include "model/write_words.h"

/// The fields of each type that is recorded, in their order. Each type is taken apart by a structured binding, which
/// does not compile once a field is added: none can be forgotten. Here those that every collector brings.
namespace isoaudit::analyzer::records {

template <class Visit>
void fields(model::PythonVersion& value, Visit&& visit) {
  auto& [major, minor] = value;
  visit(major, minor);
}

template <class Visit>
void fields(model::Gap& value, Visit&& visit) {
  auto& [input, reason] = value;
  visit(input, reason);
}

template <class Visit>
void fields(model::Declaration& value, Visit&& visit) {
  auto& [multiple_interpreters, gil, state_size, has_traverse, has_clear, has_free, exec_slots, has_create, invalid,
         undetermined_reason] = value;
  visit(multiple_interpreters, gil, state_size, has_traverse, has_clear, has_free, exec_slots, has_create, invalid,
        undetermined_reason);
}

template <class Visit>
void fields(model::EntryPoint& value, Visit&& visit) {
  auto& [symbol, module, init, declares, only_for] = value;
  visit(symbol, module, init, declares, only_for);
}

template <class Visit>
void fields(model::Reached& value, Visit&& visit) {
  auto& [when, path] = value;
  visit(when, path);
}

template <class Visit>
void fields(model::Location& value, Visit&& visit) {
  auto& [file, line, column, function] = value;
  visit(file, line, column, function);
}

}  // namespace isoaudit::analyzer::records
