// MENDED: the twin of cxx_registry.cpp.
//
// What belongs to one interpreter is in the module's state: a C++ object that placement new makes when the module is
// executed and m_free destroys. It holds no Python object, so that the collector need not know of it.
#include <Python.h>

#include <new>
#include <string>

namespace {

struct State {
  std::string label = "unnamed";
};

State& state_of(PyObject* module) { return *static_cast<State*>(PyModule_GetState(module)); }

PyObject* set_label(PyObject* module, PyObject* args) {
  const char* text = nullptr;
  if (!PyArg_ParseTuple(args, "s", &text)) return nullptr;
  state_of(module).label = text;
  Py_RETURN_NONE;
}

PyObject* get_label(PyObject* module, PyObject*) { return PyUnicode_FromString(state_of(module).label.c_str()); }

PyMethodDef methods[] = {
    {"set_label", set_label, METH_VARARGS, "set_label(text): names this interpreter"},
    {"get_label", get_label, METH_NOARGS, "get_label(): this interpreter's name"},
    {nullptr, nullptr, 0, nullptr},
};

int set_up(PyObject* module) {
  new (PyModule_GetState(module)) State;
  return 0;
}

void free_module(void* module) { state_of(static_cast<PyObject*>(module)).~State(); }

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(set_up)},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_registry_fixed", nullptr, sizeof(State), methods, slots, nullptr, nullptr, free_module,
};

}  // namespace

PyMODINIT_FUNC PyInit_cxx_registry_fixed() { return PyModuleDef_Init(&definition); }
