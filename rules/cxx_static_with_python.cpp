#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "is built when the library is loaded and destroyed after Python has ended, one for all interpreters",
      .fix = "move `{}` into the module state, or make it in the exec function for each interpreter",
      .fix_of_many = "move them into the module state, or make them in the exec function for each interpreter"};
  return source_findings(facts, VariableKind::cxx_object, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule cxx_static_with_python{
    .slug = "cxx-static-with-python",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
C++ objects in namespaces and classes that own Python objects (pybind11::object, nanobind::object, smart pointers to
PyObject and their like) and whose constructor or destructor runs.

## Why it matters
The constructor runs when the library is loaded, in no interpreter or in whichever comes first. The destructor runs when
the process ends, after the last interpreter: it gives back a reference to memory that is gone. In between all
interpreters share one object.

## How to fix
The module state. Where the framework has none: storage that is made for each interpreter, such as pybind11's
`gil_safe_call_once_and_store`, or a pointer that is never destroyed, one for each interpreter.

## What it cannot see
Classes that call Python in their constructor and hold no object. Statics of functions are
`function-local-static-object`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
