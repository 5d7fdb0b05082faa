#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string>

namespace isoaudit::inside {

/// The text of a str, with what is no valid UTF-8 escaped by backslashes. Never leaves an exception behind.
std::string text_of(PyObject* str);

/// JSON of nested lists, tuples, dicts, strings, ints, bools and None; anything else becomes null.
std::string to_json(PyObject* value);

}  // namespace isoaudit::inside
