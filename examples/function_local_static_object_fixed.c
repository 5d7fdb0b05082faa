/* MENDED: the twin of function_local_static_object.c.
 *
 * Made when the module is executed, once for each interpreter, and kept in the module's state: nothing is lazy, so
 * nothing can race. */
#include <Python.h>

typedef struct {
  PyObject* default_range;
} State;

static PyObject* get_range(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  return Py_NewRef(state->default_range);
}

static PyMethodDef methods[] = {
    {"get_range", get_range, METH_NOARGS, "get_range(): the range that is used when none is given"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->default_range = Py_BuildValue("(ll)", 1000L, 2000L);
  return PyModule_AddObjectRef(module, "DEFAULT_RANGE", state->default_range);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->default_range);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->default_range);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "function_local_static_object_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_function_local_static_object_fixed(void) { return PyModuleDef_Init(&definition); }
