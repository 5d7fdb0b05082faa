// A tracer that sees one interpreter only.
// inspect: eval-hooks
#include <Python.h>

static int trace(PyObject* object, PyFrameObject* frame, int what, PyObject* arg) {
  (void)object;
  (void)frame;
  (void)what;
  (void)arg;
  return 0;
}

static PyObject* start(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyEval_SetTrace(trace, NULL);  // expect: eval-hooks
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"start", start, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "eval_hooks", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_eval_hooks(void) { return PyModuleDef_Init(&definition); }
