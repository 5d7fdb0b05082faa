// The kinds of variables that are told apart by what is stored in them and by what they are: hand-made facts.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"
#include "tests/unit/judged.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::PythonType;
using model::RunsWhen;
using model::StoredValue;
using model::Variable;
using model::WriteKind;

Variable object(std::string name, std::vector<model::Write> writes) {
  return variable(std::move(name), "PyObject *", PythonType::object_pointer, std::move(writes));
}

Variable number(std::vector<model::Write> writes) { return variable("id", "int", PythonType::none, std::move(writes)); }

Variable cxx(PythonType type, std::vector<model::Write> writes) {
  Variable made = variable("registry", "Registry", type, std::move(writes));
  made.has_dynamic_init = true;
  return made;
}

model::Write result(const char* callee) { return write_from("exec", StoredValue::call, callee); }

model::Write reached(model::Write write, const char* path) {
  write.reached = {{RunsWhen::call, path}};
  return write;
}

TEST(VariableKinds, ByWhatIsStored) {
  const std::vector<VariableRow> rows = {
      {"a module", object("json", {result("PyImport_ImportModule")}), {"borrowed-module-object hazard"}},
      {"the builtins", object("builtins", {result("PyEval_GetBuiltins")}), {"borrowed-module-object hazard"}},
      {"an attribute", object("loads", {result("PyImport_ImportModuleAttr")}), {"global-pyobject-cache hazard"}},
      {"characters of a str",
       variable("name", "const char *", PythonType::none, {result("PyUnicode_AsUTF8")}),
       {"buffer-shared-across-interpreters hazard"}},
      {"a new bytes object, not its characters",
       object("encoded", {result("PyUnicode_AsUTF8String")}),
       {"global-pyobject-cache hazard"}},
      {"a buffer",
       variable("view", "Py_buffer", PythonType::object_pointer,
                {write_from("call", StoredValue::unknown, "PyObject_GetBuffer", WriteKind::address_passed)}),
       {"buffer-shared-across-interpreters hazard"}},
      {"a watcher", number({result("PyDict_AddWatcher")}), {"per-interpreter-registration-cached-in-static hazard"}},
      {"a watcher under a lock",
       number({[] {
         model::Write write = result("PyType_AddWatcher");
         write.guard = "PyMutex_Lock";
         return write;
       }()}),
       {"per-interpreter-registration-cached-in-static hazard"}},
      {"an answer that is a number", number({result("PyDict_Contains")}), {"non-object-mutable-static hazard"}},
      {"dead objects that tp_dealloc keeps",
       object("spare", {reached(write_from("free", StoredValue::parameter), "tp_dealloc of `slots` → free()")}),
       {"free-list hazard"}},
      {"an object that a method keeps",
       object("spare", {reached(write_from("keep", StoredValue::parameter), "method `keep` → keep()")}),
       {"global-pyobject-cache hazard"}},
      {"a free list by its name", object("free_list", {write_from("call")}), {"free-list hazard"}},
  };
  expect_judged(rows);
}

TEST(VariableKinds, ByWhatTheyAre) {
  const auto grow = write_from("call", StoredValue::unknown, "vector::push_back", WriteKind::method);
  const auto first_base = [](const char* stored) {
    model::Write write = write_from("exec", StoredValue::static_address, "", WriteKind::member);
    write.stored = stored;
    return write;
  };
  const auto slots = [](std::vector<model::Write> writes) {
    return variable("slots", "PyType_Slot[3]", PythonType::none, std::move(writes));
  };
  const std::vector<VariableRow> rows = {
      {"a container that calls change", cxx(PythonType::none, {grow}), {"cxx-global-mutable hazard"}},
      {"a container that is never changed", cxx(PythonType::none, {}), {}},
      {"a container under a lock",
       cxx(PythonType::none, {[&] {
             model::Write write = grow;
             write.guard = "std::lock_guard";
             return write;
           }()}),
       {"cxx-global-mutable advice"}},
      {"a wrapper that is empty for ever", cxx(PythonType::wrapper, {}), {}},
      {"a wrapper", cxx(PythonType::wrapper, {grow}), {"cxx-static-with-python hazard"}},
      {"a container of objects", cxx(PythonType::object_pointer, {grow}), {"global-pyobject-cache hazard"}},
      {"a slot that is always the same", slots({first_base("Base_Type")}), {"mutable-method-or-getset-table advice"}},
      {"slots that get two values",
       slots({first_base("Base_Type"), first_base("Other_Type")}),
       {"mutable-method-or-getset-table hazard"}},
  };
  expect_judged(rows);
}

}  // namespace
}  // namespace isoaudit::rules
