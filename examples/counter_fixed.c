/* MENDED: the twin of counter.c.
 *
 * Each interpreter's module counts for itself, in its state, under its own GIL. Plain numbers need no traverse, clear
 * or free function. */
#include <Python.h>

typedef struct {
  long last_ticket;
} State;

static PyObject* take_ticket(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  state->last_ticket++;
  return PyLong_FromLong(state->last_ticket);
}

static PyMethodDef methods[] = {
    {"take_ticket", take_ticket, METH_NOARGS, "take_ticket(): a number that nobody else in this interpreter has"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->last_ticket++;
  return PyModule_AddIntConstant(module, "FIRST_TICKET", state->last_ticket);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "counter_fixed", .m_size = sizeof(State), .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_counter_fixed(void) { return PyModuleDef_Init(&definition); }
