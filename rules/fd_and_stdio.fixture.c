// Descriptors and streams that everybody uses.
// inspect: fd-and-stdio (advice)
// inspect: fd-and-stdio (advice)
#include <Python.h>
#include <fenv.h>
#include <stdio.h>
#include <unistd.h>

static PyObject* silence(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  if (dup2(2, 1) < 0) return PyErr_SetFromErrno(PyExc_OSError);  // expect: fd-and-stdio (advice)
  setvbuf(stdout, NULL, _IONBF, 0);                              // expect: fd-and-stdio (advice)
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"silence", silence, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "fd_and_stdio", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_fd_and_stdio(void) { return PyModuleDef_Init(&definition); }
