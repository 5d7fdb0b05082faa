/* WRONG: a function keeps an object in a static local variable, made when it is first asked for.
 *
 * "If it is NULL, make it" pins the object of the interpreter that came first for all that come later, and two
 * interpreters can run the test at the same time. The tuple is not immortal: its reference count has no lock.
 * Mended in function_local_static_object_fixed.c. */
#include <Python.h>

static PyObject* default_range(void) {
  static PyObject* range;
  if (range == NULL) range = Py_BuildValue("(ll)", 1000L, 2000L);
  return range;
}

static PyObject* get_range(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return Py_XNewRef(default_range());
}

static PyMethodDef methods[] = {
    {"get_range", get_range, METH_NOARGS, "get_range(): the range that is used when none is given"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddObjectRef(module, "DEFAULT_RANGE", default_range()); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "function_local_static_object", .m_size = 0, .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_function_local_static_object(void) { return PyModuleDef_Init(&definition); }
