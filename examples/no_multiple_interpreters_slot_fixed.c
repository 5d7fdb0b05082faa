/* MENDED: the twin of no_multiple_interpreters_slot.c.
 *
 * The module shares nothing between interpreters, so it says so: one slot more. Add it last, after everything that is
 * shared has gone; nobody checks the promise. */
#include <Python.h>

static PyObject* version(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyUnicode_FromString("1.0");
}

static PyMethodDef methods[] = {
    {"version", version, METH_NOARGS, "version(): this module's version"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 64); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "no_multiple_interpreters_slot_fixed", .m_size = 0, .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_no_multiple_interpreters_slot_fixed(void) { return PyModuleDef_Init(&definition); }
