/* Nothing is kept that would need a guard, so there is none.
 *
 * load_once_guard.c, mended. */
#include <Python.h>

static PyObject* square(PyObject* module, PyObject* number) {
  (void)module;
  return PyNumber_Multiply(number, number);
}

static PyMethodDef methods[] = {
    {"square", square, METH_O, "square(x): x times x"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 1000); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "load_once_guard_fixed", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_load_once_guard_fixed(void) { return PyModuleDef_Init(&definition); }
