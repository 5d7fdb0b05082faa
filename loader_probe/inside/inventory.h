#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loader_probe/inside/interpreter.h"

namespace isoaudit::inside {

/// Makes an interpreter current for a scope with a thread state of this thread.
class Visit {
 public:
  explicit Visit(PyInterpreterState* state) : state_(PyThreadState_New(state)) { PyEval_RestoreThread(state_); }
  ~Visit() {
    PyThreadState_Clear(state_);
    PyEval_SaveThread();
    PyThreadState_Delete(state_);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  PyThreadState* state_;
};

/// One interpreter's objects as plain addresses, sorted: they are compared, never followed.
struct Inventory {
  const Interpreter* interpreter = nullptr;
  PyInterpreterState* state = nullptr;
  std::vector<std::uintptr_t> objects{};
  std::vector<std::uintptr_t> types{};

  std::int64_t id() const { return interpreter->id(); }
  bool has_module() const { return interpreter->module() != nullptr; }
};

/// Everything that the collector tracks and what that leads to in a few steps. No thread state may be current.
Inventory take_inventory(const Interpreter& interpreter);

void sort_unique(std::vector<std::uintptr_t>& addresses);
bool contains(const std::vector<std::uintptr_t>& sorted, std::uintptr_t address);

/// Asks interpreters about their objects. Stays in the one that was asked last, since to enter one is slow: from 3.14
/// on CPython looks up the bounds of the stack then, for which glibc reads the map of the process's memory. While it
/// lives nothing else may make an interpreter current in this thread.
class Questions {
 public:
  /// helper/looks.py's words for an object of `owner`, as JSON: events::shared has them as "what".
  std::string describe(const Inventory& owner, std::uintptr_t object);
  /// Is it the module, a type of its package, or an instance of one?
  bool is_modules_own(const Inventory& owner, std::uintptr_t object);
  /// "demo.Error" where the module offers it; else empty. `owner` has the module.
  std::string attribute_name(const Inventory& owner, std::uintptr_t object);

 private:
  void enter(const Inventory& owner);
  PyObject* ask(const Inventory& owner, const char* function, std::uintptr_t object, bool with_module);

  const Inventory* in_ = nullptr;
  std::optional<Visit> visit_{};
};

}  // namespace isoaudit::inside
