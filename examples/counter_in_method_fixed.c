/* MENDED: the twin of counter_in_method.c.
 *
 * Here the numbers have to be unique in the whole process, so that one counter must stay. An atomic addition needs no
 * GIL: whoever comes, gets a number that nobody else has. */
#include <Python.h>
#include <stdatomic.h>

static atomic_long last_ticket;

static PyObject* take_ticket(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyLong_FromLong(atomic_fetch_add(&last_ticket, 1) + 1);
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
    PyModuleDef_HEAD_INIT, .m_name = "counter_in_method_fixed", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_counter_in_method_fixed(void) { return PyModuleDef_Init(&definition); }
