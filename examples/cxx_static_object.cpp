// WRONG: a C++ object with static storage owns a Python object.
//
// The wrapper makes counting references easy and hides what this is: one variable for all interpreters, which keeps
// the list of the interpreter that came first, and lets go of it when the process ends, after Python has ended.
// Mended in cxx_static_object_fixed.cpp.
#include <Python.h>

namespace {

/// Owns a reference.
class PyRef {
 public:
  ~PyRef() {
    if (Py_IsInitialized()) Py_XDECREF(object_);
  }
  void reset(PyObject* object) { Py_XSETREF(object_, object); }
  PyObject* get() const { return object_; }

 private:
  PyObject* object_ = nullptr;
};

PyRef history;

PyObject* record(PyObject*, PyObject* item) {
  if (PyList_Append(history.get(), item) < 0) return nullptr;
  return PyLong_FromSsize_t(PyList_Size(history.get()));
}

PyMethodDef methods[] = {
    {"record", record, METH_O, "record(item): how many items were recorded"},
    {nullptr, nullptr, 0, nullptr},
};

int set_up(PyObject* module) {
  if (history.get() == nullptr) history.reset(PyList_New(0));
  return PyModule_AddObjectRef(module, "history", history.get());
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(set_up)},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_static_object", nullptr, 0, methods, slots, nullptr, nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit_cxx_static_object() { return PyModuleDef_Init(&definition); }
