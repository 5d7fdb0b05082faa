// WRONG: a std::map with static storage, keyed by the interpreter's id, "so that each has an entry of its own".
//
// The entries are apart, the map is not: its nodes, its balance and its size belong to all interpreters, and the GIL
// that used to be its lock is now one of several. No Python object is involved. Mended in cxx_registry_fixed.cpp.
#include <Python.h>

#include <cstdint>
#include <map>
#include <string>

namespace {

std::map<std::int64_t, std::string> labels;

std::int64_t this_interpreter() { return PyInterpreterState_GetID(PyInterpreterState_Get()); }

PyObject* set_label(PyObject*, PyObject* args) {
  const char* text = nullptr;
  if (!PyArg_ParseTuple(args, "s", &text)) return nullptr;
  labels[this_interpreter()] = text;
  Py_RETURN_NONE;
}

PyObject* get_label(PyObject*, PyObject*) { return PyUnicode_FromString(labels[this_interpreter()].c_str()); }

PyMethodDef methods[] = {
    {"set_label", set_label, METH_VARARGS, "set_label(text): names this interpreter"},
    {"get_label", get_label, METH_NOARGS, "get_label(): this interpreter's name"},
    {nullptr, nullptr, 0, nullptr},
};

int set_up(PyObject*) {
  labels[this_interpreter()] = "unnamed";
  return 0;
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(set_up)},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "cxx_registry", nullptr, 0, methods, slots, nullptr, nullptr, nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit_cxx_registry() { return PyModuleDef_Init(&definition); }
