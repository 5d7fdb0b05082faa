// A thread of its own that nobody joins.
// inspect: threads-must-end (advice)
#include <Python.h>

static void run(void* unused) { (void)unused; }

static PyObject* call(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyThread_start_new_thread(run, NULL);  // expect: threads-must-end (advice)
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
    PyModuleDef_HEAD_INIT, .m_name = "threads_must_end", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_threads_must_end(void) { return PyModuleDef_Init(&definition); }
