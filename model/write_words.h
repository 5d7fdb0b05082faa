#pragma once

#include <compare>
#include <string>

/// The words for a write to a static, the same whether its source or its machine code was read.
namespace isoaudit::model {

/// What is stored, as far as one expression or one instruction tells.
enum class StoredValue {
  unknown,
  constant,  ///< a compile-time constant, NULL included
  immortal,  ///< None, True, False, a builtin type, PyExc_*
  static_address,
  call,       ///< what a function returned: the write names it
  parameter,  ///< a parameter of the enclosing function
  changed,    ///< the old value, changed: a counter
};

/// When code runs. Ordered: the earliest first.
enum class RunsWhen {
  never,               ///< nothing leads to it
  static_initialiser,  ///< when the library is loaded: C++ initialisers, constructor functions
  process,             ///< only where Python starts or ends for the whole process
  main_interpreter,    ///< only where the code has made sure that this is the main interpreter
  hook,                ///< the module hook
  exec,                ///< Py_mod_create and Py_mod_exec: in every interpreter that imports the module
  call,                ///< methods, slots, getters, callbacks, exported functions
  finalise,            ///< m_traverse, m_clear, m_free
};

const char* to_string(RunsWhen when);

/// One time at which code runs, and a way that leads to it: "method `lookup` → lookup() → store()".
struct Reached {
  RunsWhen when = RunsWhen::call;
  std::string path{};

  auto operator<=>(const Reached&) const = default;
};

}  // namespace isoaudit::model
