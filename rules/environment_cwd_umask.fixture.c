// What the process is and where it stands.
// inspect: environment-cwd-umask
// inspect: environment-cwd-umask
// inspect: environment-cwd-umask
// inspect: environment-cwd-umask (advice)
#include <Python.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static PyObject* move(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  if (chdir("/") != 0) return PyErr_SetFromErrno(PyExc_OSError);  // expect: environment-cwd-umask
  Py_RETURN_NONE;
}

static PyObject* mask(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  mode_t old = umask(0);  // expect: environment-cwd-umask
  umask(old);
  Py_RETURN_NONE;
}

static PyObject* set(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  setenv("A", "1", 1);                   // expect: environment-cwd-umask
  if (getenv("A") == NULL) return NULL;  // expect: environment-cwd-umask (advice)
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"move", move, METH_NOARGS, NULL},
    {"mask", mask, METH_NOARGS, NULL},
    {"set", set, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "environment_cwd_umask", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_environment_cwd_umask(void) { return PyModuleDef_Init(&definition); }
