// C++ statics: a container of objects, and a lazily made function-local one.
#include <vector>

#include "micro.h"

namespace demo {
struct Registry {
  PyObject* first = nullptr;
};
Registry registry;
static PyObject* lazily() {
  static PyObject* made = PyList_New(0);
  return made;
}
}  // namespace demo

static int exec(PyObject* module) {
  demo::registry.first = PyDict_New();
  return PyModule_AddObjectRef(module, "made", demo::lazily());
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(exec)},
                                   {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
                                   {0, nullptr}};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_static", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_cxx_static() { return PyModuleDef_Init(&definition); }
