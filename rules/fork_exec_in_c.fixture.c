// Processes that are started past the interpreter.
// inspect: fork-exec-in-c
// inspect: fork-exec-in-c
// inspect: fork-exec-in-c (advice)
#include <Python.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

static PyObject* split(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  if (fork() < 0) return PyErr_SetFromErrno(PyExc_OSError);  // expect: fork-exec-in-c
  Py_RETURN_NONE;
}

static PyObject* shell(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyLong_FromLong(system("true"));  // expect: fork-exec-in-c
}

static PyObject* spawn(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  char* arguments[] = {"true", NULL};
  pid_t child;
  posix_spawn(&child, "/bin/true", NULL, NULL, arguments, NULL);  // expect: fork-exec-in-c (advice)
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"split", split, METH_NOARGS, NULL},
    {"shell", shell, METH_NOARGS, NULL},
    {"spawn", spawn, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "fork_exec_in_c", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_fork_exec_in_c(void) { return PyModuleDef_Init(&definition); }
