/* WRONG: the slot says that the module works in the main interpreter only.
 *
 * An honest choice while a module shares state. This one shares nothing (any more), and keeps every other interpreter
 * out all the same, those that share the GIL with an extension check included.
 * Mended in slot_not_supported_fixed.c. */
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
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "slot_not_supported", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_slot_not_supported(void) { return PyModuleDef_Init(&definition); }
