/* Each module keeps in its state which interpreter and which thread it is for, as numbers that nothing can be called
 * with.
 *
 * stored_thread_state.c, mended. */
#include <Python.h>
#include <pythread.h>

typedef struct {
  unsigned long importer;
} State;

static PyObject* imported_here(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  return PyBool_FromLong(state->importer == PyThread_get_thread_ident());
}

static PyMethodDef methods[] = {
    {"imported_here", imported_here, METH_NOARGS, "imported_here(): this thread imported the module"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->importer = PyThread_get_thread_ident();
  return PyModule_AddStringConstant(module, "IMPORTER", "a thread");
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "stored_thread_state_fixed", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_stored_thread_state_fixed(void) { return PyModuleDef_Init(&definition); }
