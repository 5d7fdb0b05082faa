// Containers that calls change.
#include <Python.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

struct Codes {
  static std::vector<int> all;
};
std::vector<int> Codes::all;  // expect: cxx-global-mutable

namespace {

std::map<std::string, int> counts;  // expect: cxx-global-mutable
std::string last;                   // expect: cxx-global-mutable
long calls = 0;                     // expect: non-object-mutable-static

// Under a lock, for each thread, or never changed.
std::mutex lock;
std::vector<std::string> names;  // expect: cxx-global-mutable (advice)
thread_local std::string buffer;
const std::vector<int> primes = {2, 3, 5};
std::string prefix = "demo.";

PyObject* add(PyObject*, PyObject* item) {
  static std::vector<long> seen;  // expect: cxx-global-mutable
  const char* text = PyUnicode_AsUTF8(item);
  if (text == nullptr) return nullptr;
  ++counts[text];
  last = prefix + text;
  buffer.assign(text);
  seen.push_back(++calls);
  Codes::all.push_back(primes[0]);
  const std::lock_guard<std::mutex> guard(lock);
  names.push_back(text);
  return PyLong_FromLong(counts.at(text));
}

PyMethodDef methods[] = {{"add", add, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};

PyModuleDef_Slot slots[] = {
    // expect: slot-not-supported
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_global_mutable", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_cxx_global_mutable() { return PyModuleDef_Init(&definition); }
