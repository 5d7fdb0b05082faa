/* MENDED: the twin of global_dict_cache.c.
 *
 * Each interpreter's module has a cache of its own, in the module's state. */
#include <Python.h>

typedef struct {
  PyObject* cache;
} State;

static PyObject* square(PyObject* module, PyObject* number) {
  State* state = PyModule_GetState(module);
  PyObject* known = PyDict_GetItemWithError(state->cache, number);
  if (known != NULL || PyErr_Occurred()) return Py_XNewRef(known);
  PyObject* result = PyNumber_Multiply(number, number);
  if (result != NULL && PyDict_SetItem(state->cache, number, result) < 0) Py_CLEAR(result);
  return result;
}

static PyMethodDef methods[] = {
    {"square", square, METH_O, "square(number): its square, from the cache when it is known"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->cache = PyDict_New();
  return PyModule_AddObjectRef(module, "cache", state->cache);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->cache);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->cache);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "global_dict_cache_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_global_dict_cache_fixed(void) { return PyModuleDef_Init(&definition); }
