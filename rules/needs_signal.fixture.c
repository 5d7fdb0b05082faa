// The wake-up descriptor of the process.
// inspect: needs-signal (advice)
#include <Python.h>

static PyObject* call(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PySignal_SetWakeupFd(-1);  // expect: needs-signal (advice)
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"call", call, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "needs_signal", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_needs_signal(void) { return PyModuleDef_Init(&definition); }
