// A fork of its own, with the proper calls around it.
// inspect: fork-exec-in-c
// inspect: needs-fork (advice)
// inspect: needs-fork (advice)
// inspect: needs-fork (advice)
#include <Python.h>
#include <unistd.h>

static PyObject* call(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyOS_BeforeFork();     // expect: needs-fork (advice)
  pid_t child = fork();  // expect: fork-exec-in-c
  if (child == 0) {
    PyOS_AfterFork_Child();  // expect: needs-fork (advice)
    _exit(0);
  }
  PyOS_AfterFork_Parent();  // expect: needs-fork (advice)
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"call", call, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "needs_fork", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_needs_fork(void) { return PyModuleDef_Init(&definition); }
