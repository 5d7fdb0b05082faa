// In C++ the initialiser of a static local is itself the store, under a lock that knows nothing of interpreters.
#include <Python.h>

#include <string>

namespace {

/// Owns a reference.
class PyRef {
 public:
  explicit PyRef(PyObject* object) : object_(object) {}
  ~PyRef() { Py_XDECREF(object_); }
  PyObject* get() const { return object_; }

 private:
  PyObject* object_;
};

PyObject* decimal_module() {
  // expect: function-local-static-object, once-init-with-python-under-lock
  static PyObject* module = PyImport_ImportModule("decimal");
  return module;
}

PyObject* empty_list() {
  static const PyRef list(PyList_New(0));  // expect: function-local-static-object, once-init-with-python-under-lock
  return list.get();
}

// Harmless: constants, made once and never changed.
const std::string& prefix() {
  static const std::string text = "decimal.";
  return text;
}

PyObject* use(PyObject*, PyObject*) {
  static constexpr int limit = 10;
  static PyObject* const none = Py_None;
  static const char* const names[] = {"Decimal", "Context"};
  PyObject* type = PyObject_GetAttrString(decimal_module(), names[0]);
  if (type == nullptr) return nullptr;
  PyObject* result = Py_BuildValue("(NOOsi)", type, empty_list(), none, prefix().c_str(), limit);
  return result;
}

PyMethodDef methods[] = {{"use", use, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

int set_up(PyObject* module) { return PyModule_AddObjectRef(module, "decimal", decimal_module()); }

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(set_up)},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "function_local_static_object", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_function_local_static_object() { return PyModuleDef_Init(&definition); }
