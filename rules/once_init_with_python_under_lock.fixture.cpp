// Python under a lock of C++ that knows nothing of GILs.
#include <Python.h>

#include <mutex>
#include <string>

namespace {

std::once_flag made;
std::once_flag counted;
PyObject* cache = nullptr;  // expect: global-pyobject-cache
int calls = 0;              // expect: non-object-mutable-static (advice)

PyObject* decimal_module() {
  // expect: once-init-with-python-under-lock, function-local-static-object
  static PyObject* module = PyImport_ImportModule("decimal");
  return module;
}

int environment() {
  static const std::string path = "no Python here";
  std::call_once(counted, [] { ++calls; });
  return static_cast<int>(path.size());
}

PyObject* get(PyObject*, PyObject*) {
  std::call_once(made, [] {
    cache = PyDict_New();  // expect: once-init-with-python-under-lock
    PyDict_SetItemString(cache, "decimal", decimal_module());
  });
  return PyDict_GetItemString(cache, "decimal") == nullptr ? nullptr : PyLong_FromLong(environment());
}

PyMethodDef methods[] = {{"get", get, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

PyModuleDef_Slot slots[] = {
    // expect: slot-not-supported
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "once_init_with_python_under_lock", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_once_init_with_python_under_lock() { return PyModuleDef_Init(&definition); }
