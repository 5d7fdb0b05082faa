// Objects of C++ that own Python's: built before any interpreter, destroyed after the last.
#include <Python.h>

#include <string>

/// Owns a reference.
class PyRef {
 public:
  PyRef() = default;
  explicit PyRef(PyObject* object) : object_(object) {}
  PyRef(const PyRef&) = delete;
  PyRef& operator=(const PyRef&) = delete;
  ~PyRef() { Py_XDECREF(object_); }
  void reset(PyObject* object) { Py_XSETREF(object_, object); }
  PyObject* get() const { return object_; }

 private:
  PyObject* object_ = nullptr;
};

struct Registry {
  static PyRef owner;
};
PyRef Registry::owner;  // expect: cxx-static-with-python

namespace {

PyRef listeners(PyList_New(0));  // expect: cxx-static-with-python
PyRef* leaked = nullptr;         // expect: global-pyobject-cache

const std::string separator = "::";

PyObject* add(PyObject*, PyObject* item) {
  // expect: function-local-static-object, once-init-with-python-under-lock
  static const PyRef empty(PyList_New(0));
  Registry::owner.reset(Py_NewRef(item));
  if (leaked == nullptr) leaked = new PyRef(Py_NewRef(item));
  return PyUnicode_FromFormat("%s%zd", separator.c_str(), PyList_Size(listeners.get()) + PyList_Size(empty.get()));
}

PyMethodDef methods[] = {{"add", add, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};

PyModuleDef_Slot slots[] = {
    // expect: slot-not-supported
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_static_with_python", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_cxx_static_with_python() { return PyModuleDef_Init(&definition); }
