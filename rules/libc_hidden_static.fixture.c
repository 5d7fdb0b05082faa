// Results and positions that the C library keeps for the process.
// inspect: libc-hidden-static
// inspect: libc-hidden-static (advice)
#include <Python.h>
#include <string.h>
#include <time.h>

static PyObject* hour(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  time_t now = time(NULL);
  return PyLong_FromLong(localtime(&now)->tm_hour);  // expect: libc-hidden-static
}

static PyObject* minute(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  time_t now = time(NULL);
  struct tm parts;
  return PyLong_FromLong(localtime_r(&now, &parts)->tm_min);
}

// The second use of a function in one module is a line of the first finding.
static PyObject* second(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  time_t now = time(NULL);
  return PyLong_FromLong(localtime(&now)->tm_sec);
}

static PyObject* message(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyUnicode_FromString(strerror(1));  // expect: libc-hidden-static (advice)
}

static PyMethodDef methods[] = {
    {"hour", hour, METH_NOARGS, NULL},
    {"minute", minute, METH_NOARGS, NULL},
    {"second", second, METH_NOARGS, NULL},
    {"message", message, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "libc_hidden_static", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_libc_hidden_static(void) { return PyModuleDef_Init(&definition); }
