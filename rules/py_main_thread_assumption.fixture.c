// A loop that hopes for a signal.
// inspect: py-main-thread-assumption (advice)
#include <Python.h>

static PyObject* wait_for(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  for (int i = 0; i < 1000; i++) {
    if (PyErr_CheckSignals() < 0) return NULL;  // expect: py-main-thread-assumption (advice)
  }
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"wait_for", wait_for, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "py_main_thread_assumption", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_py_main_thread_assumption(void) { return PyModuleDef_Init(&definition); }
