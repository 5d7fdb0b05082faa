#pragma once

#include <string>

#include "model/source_facts.h"

namespace isoaudit::rules {

/// The false-positive registry (rules.md 6): why a variable needs no finding, in a few words; empty when it may.
/// A table of the types that CPython takes as constant (PyMethodDef[], PyType_Slot[]), by value.
bool is_definition_table(const model::Variable& variable);

std::string harmless_reason(const model::Variable& variable);

/// A type whose own purpose is synchronisation.
bool is_synchronisation_type(const std::string& canonical_type);

/// A pointer to a C API table by the name that the API's own header gives it: PyDateTimeAPI, PyArray_API.
bool is_header_static(const std::string& name);

/// A capsule whose API a rule of its own is about: datetime's, numpy's.
bool capsule_has_its_own_rule(const std::string& capsule);

/// A function that gives every caller in the process the same answer: sysconf, getpagesize.
bool is_pure_probe(const std::string& function);

}  // namespace isoaudit::rules
