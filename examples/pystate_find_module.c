/* WRONG: multi-phase code looks its own module up with PyState_FindModule.
 *
 * That table knows single-phase modules only. For this one the answer is NULL, in every interpreter, and to_metres()
 * crashes when it is first called; importing shows nothing.
 * Mended in pystate_find_module_fixed.c. */
#include <Python.h>

typedef struct {
  PyObject* units;
} State;

static struct PyModuleDef definition;

static PyObject* to_metres(PyObject* module, PyObject* unit) {
  (void)module;
  State* state = PyModule_GetState(PyState_FindModule(&definition));
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
    PyModuleDef_HEAD_INIT, .m_name = "pystate_find_module", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,      .m_traverse = traverse,          .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_pystate_find_module(void) { return PyModuleDef_Init(&definition); }
