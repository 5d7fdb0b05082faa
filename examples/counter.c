/* WRONG: a static counter hands out numbers, at import and in every call, with nothing but the GIL as its lock.
 *
 * Two GILs are no lock: two interpreters read the same value, both add one, and a number is given twice (14 to 48 of
 * 100 increments were lost in a test with four interpreters). Nothing crashes.
 * Mended in counter_fixed.c. */
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

static int set_up(PyObject* module) {
  last_ticket++;
  return PyModule_AddIntConstant(module, "FIRST_TICKET", last_ticket);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "counter", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_counter(void) { return PyModuleDef_Init(&definition); }
