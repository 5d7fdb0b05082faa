/* WRONG: a static counter that only a method writes: importing the module shows nothing.
 *
 * A run that imports and no more finds the module clean. The source and the machine code hold the write all the same,
 * so the module is not called isolated: the verdict is "suspect", and the finding names the variable and take_ticket().
 * Mended in counter_in_method_fixed.c. */
#include <Python.h>

static long last_ticket;

static PyObject* take_ticket(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  last_ticket++;
  return PyLong_FromLong(last_ticket);
}

static PyMethodDef methods[] = {
    {"take_ticket", take_ticket, METH_NOARGS, "take_ticket(): a number that nobody else has"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 1000000); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "counter_in_method", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_counter_in_method(void) { return PyModuleDef_Init(&definition); }
