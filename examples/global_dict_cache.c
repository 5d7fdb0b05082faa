/* WRONG: a static variable keeps a dict in which results are cached.
 *
 * The first interpreter makes the dict, all others use it: reference counts and table without a lock, and memory that
 * ends with the first interpreter. Crashes in the second interpreter even when they run one after the other.
 * Mended in global_dict_cache_fixed.c. */
#include <Python.h>

static PyObject* cache;

static PyObject* square(PyObject* module, PyObject* number) {
  (void)module;
  PyObject* known = PyDict_GetItemWithError(cache, number);
  if (known != NULL || PyErr_Occurred()) return Py_XNewRef(known);
  PyObject* result = PyNumber_Multiply(number, number);
  if (result != NULL && PyDict_SetItem(cache, number, result) < 0) Py_CLEAR(result);
  return result;
}

static PyMethodDef methods[] = {
    {"square", square, METH_O, "square(number): its square, from the cache when it is known"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  if (cache == NULL) cache = PyDict_New();
  return PyModule_AddObjectRef(module, "cache", cache);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_dict_cache", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_dict_cache(void) { return PyModuleDef_Init(&definition); }
