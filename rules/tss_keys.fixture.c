// Values of OS threads that are taken for values of an interpreter.
// inspect: tss-keys
#include <Python.h>

static Py_tss_t key = Py_tss_NEEDS_INIT;

static int set_up(PyObject* module) {
  (void)module;
  return PyThread_tss_create(&key);  // expect: tss-keys
}

static PyObject* remember(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyObject* list = PyList_New(0);
  if (list == NULL) return NULL;
  PyThread_tss_set(&key, list);  // expect: tss-keys
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"remember", remember, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "tss_keys", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_tss_keys(void) { return PyModuleDef_Init(&definition); }
