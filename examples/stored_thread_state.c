/* WRONG: a static variable keeps the thread state of whoever imported the module, to attach with it later.
 *
 * A thread state belongs to one interpreter and ends with it. Who attaches with the one that the last import left runs
 * under another interpreter's GIL, or with memory that is gone.
 * Mended in stored_thread_state_fixed.c. */
#include <Python.h>

static PyThreadState* importer;

static PyObject* imported_here(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyBool_FromLong(importer == PyThreadState_Get());
}

static PyMethodDef methods[] = {
    {"imported_here", imported_here, METH_NOARGS, "imported_here(): this thread imported the module"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  importer = PyThreadState_Get();
  return PyModule_AddStringConstant(module, "IMPORTER", "a thread");
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "stored_thread_state", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_stored_thread_state(void) { return PyModuleDef_Init(&definition); }
