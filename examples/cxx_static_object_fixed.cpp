// MENDED: the twin of cxx_static_object.cpp.
//
// The wrapper is a member of the module's state: placement new makes it when the module is executed, m_free destroys
// it. m_traverse and m_clear let the collector see through it.
#include <Python.h>

#include <new>

namespace {

/// Owns a reference.
class PyRef {
 public:
  ~PyRef() { Py_XDECREF(object_); }
  void reset(PyObject* object) { Py_XSETREF(object_, object); }
  PyObject* get() const { return object_; }

 private:
  PyObject* object_ = nullptr;
};

struct State {
  PyRef history;
};

State& state_of(PyObject* module) { return *static_cast<State*>(PyModule_GetState(module)); }

PyObject* record(PyObject* module, PyObject* item) {
  PyObject* history = state_of(module).history.get();
  if (PyList_Append(history, item) < 0) return nullptr;
  return PyLong_FromSsize_t(PyList_Size(history));
}

PyMethodDef methods[] = {
    {"record", record, METH_O, "record(item): how many items were recorded"},
    {nullptr, nullptr, 0, nullptr},
};

int set_up(PyObject* module) {
  State* state = new (PyModule_GetState(module)) State;
  state->history.reset(PyList_New(0));
  return PyModule_AddObjectRef(module, "history", state->history.get());
}

int traverse(PyObject* module, visitproc visit, void* arg) {
  Py_VISIT(state_of(module).history.get());
  return 0;
}

int clear(PyObject* module) {
  state_of(module).history.reset(nullptr);
  return 0;
}

void free_module(void* module) { state_of(static_cast<PyObject*>(module)).~State(); }

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(set_up)},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_static_object_fixed", nullptr, sizeof(State), methods, slots, traverse, clear,
    free_module,
};

}  // namespace

PyMODINIT_FUNC PyInit_cxx_static_object_fixed() { return PyModuleDef_Init(&definition); }
