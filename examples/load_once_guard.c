/* WRONG: the module declares support and then counts its own imports, and refuses the second.
 *
 * It is the guard of a module that was written for one interpreter (numpy has one like it). The first interpreter that
 * comes gets the module, every other an ImportError, so what works in a test fails in a pool.
 * Mended in load_once_guard_fixed.c. */
#include <Python.h>

static int loaded;

static PyObject* square(PyObject* module, PyObject* number) {
  (void)module;
  return PyNumber_Multiply(number, number);
}

static PyMethodDef methods[] = {
    {"square", square, METH_O, "square(x): x times x"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  if (loaded++) {
    PyErr_SetString(PyExc_ImportError, "cannot load module more than once per process");
    return -1;
  }
  return PyModule_AddIntConstant(module, "LIMIT", 1000);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "load_once_guard", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_load_once_guard(void) { return PyModuleDef_Init(&definition); }
