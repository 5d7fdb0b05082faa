/* WRONG: multi-phase init, nothing shared, and yet no Py_mod_multiple_interpreters slot.
 *
 * No slot means "several interpreters, but all under one GIL" (Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED), so every
 * interpreter with its own GIL refuses the module. The commonest case of all.
 * Mended in no_multiple_interpreters_slot_fixed.c. */
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
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "no_multiple_interpreters_slot", .m_size = 0, .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_no_multiple_interpreters_slot(void) { return PyModuleDef_Init(&definition); }
