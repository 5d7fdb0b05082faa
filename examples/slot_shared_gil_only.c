/* WRONG: the slot says that the module works in several interpreters only while they share one GIL.
 *
 * That is what a module gets without any slot, written out. Right while its data rely on the GIL as their lock; this
 * module has no such data.
 * Mended in slot_shared_gil_only_fixed.c. */
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
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "slot_shared_gil_only", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_slot_shared_gil_only(void) { return PyModuleDef_Init(&definition); }
