/* MENDED: the twin of pystate_find_module.c.
 *
 * A module function gets its module as the first argument: nothing has to be looked up. (A method of a type gets it
 * from PyType_GetModuleByDef or through METH_METHOD, as in module_pointer_in_static_fixed.c.) */
#include <Python.h>

typedef struct {
  PyObject* units;
} State;

static PyObject* to_metres(PyObject* module, PyObject* unit) {
  State* state = PyModule_GetState(module);
  return PyObject_GetItem(state->units, unit);
}

static PyMethodDef methods[] = {
    {"to_metres", to_metres, METH_O, "to_metres(unit): its length in metres"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->units = Py_BuildValue("{sisi}", "km", 1000, "mile", 1609);
  return PyModule_AddObjectRef(module, "UNITS", state->units);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->units);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->units);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "pystate_find_module_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_pystate_find_module_fixed(void) { return PyModuleDef_Init(&definition); }
