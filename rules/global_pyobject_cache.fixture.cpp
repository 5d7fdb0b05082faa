// The same in C++: containers, wrappers, static members, inline variables.
#include <Python.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

/// Owns a reference.
class PyRef {
 public:
  ~PyRef() { Py_XDECREF(object_); }
  void reset(PyObject* object) { Py_XSETREF(object_, object); }
  PyObject* get() const { return object_; }

 private:
  PyObject* object_ = nullptr;
};

struct Registry {
  static PyObject* instance;
  inline static PyObject* fallback = nullptr;  // expect: global-pyobject-cache
  static constexpr int limit = 4;
  PyObject* member = nullptr;
};
PyObject* Registry::instance = nullptr;  // expect: global-pyobject-cache

namespace {

std::vector<PyObject*> callbacks;                  // expect: global-pyobject-cache
std::map<std::string, PyObject*> objects_by_name;  // expect: global-pyobject-cache
PyRef owned;                                       // expect: cxx-static-with-python
PyObject* plain = nullptr;                         // expect: global-pyobject-cache

// Harmless.
constexpr const char* labels[] = {"a", "b"};
const std::string separator = "::";
std::mutex lock;
std::once_flag once;
std::atomic<long> total{0};
std::atomic<bool> ready = false;
thread_local int depth = 0;
PyObject* const none = Py_None;

PyObject* add(PyObject*, PyObject* item) {
  const std::lock_guard<std::mutex> guard(lock);
  std::call_once(once, [] { ready = true; });
  ++total;
  ++depth;
  callbacks.push_back(Py_NewRef(item));
  objects_by_name[labels[0] + separator] = item;
  owned.reset(Py_NewRef(item == none ? plain : item));
  Registry local;
  local.member = item;
  return PyLong_FromLong(Registry::limit);
}

PyMethodDef methods[] = {{"add", add, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};

int set_up(PyObject* module) {
  plain = PyList_New(0);
  Registry::instance = PyDict_New();
  Registry::fallback = PyDict_New();
  return PyModule_AddObjectRef(module, "plain", plain);
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(set_up)},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "global_pyobject_cache", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_global_pyobject_cache() { return PyModuleDef_Init(&definition); }
