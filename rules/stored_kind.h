#pragma once

#include <string_view>
#include <vector>

#include "model/binary_facts.h"
#include "rules/variables.h"

namespace isoaudit::rules {

/// What a variable becomes by keeping what that function returned; `plain` when that says nothing.
VariableKind kind_of_result(std::string_view function);

/// A static whose address that function gets, or that it writes to, is a type object.
bool fills_a_type(std::string_view function);

/// What a variable is for by its declared type: "PyTypeObject *".
VariableKind kind_of_declared(std::string_view type);

/// A type whose values are numbers and nothing else: "unsigned int[16]".
bool is_number_type(std::string_view type);

/// A parameter that is the module: the only one of a function that stands behind Py_mod_exec. `which` is "argument 1",
/// or empty where only one can be meant.
bool is_own_module(model::StoredValue value, std::string_view which, const std::vector<model::Reached>& reached);

/// What this store makes of its variable.
VariableKind kind_of_store(const model::CodeWrite& write);

/// Could this be a pointer to a Python object? Numbers, changed values and addresses inside the file are none.
bool may_store_object(const model::CodeWrite& write);

}  // namespace isoaudit::rules
