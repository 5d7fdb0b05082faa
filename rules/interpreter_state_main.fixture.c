// Work for the interpreter that happens to be the first.
// inspect: interpreter-state-main
#include <Python.h>

static PyObject* where(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyLong_FromLongLong(PyInterpreterState_GetID(PyInterpreterState_Main()));  // expect: interpreter-state-main
  Py_RETURN_NONE;
}

static PyObject* here(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyLong_FromLongLong(PyInterpreterState_GetID(PyInterpreterState_Get()));
}

static int exec(PyObject* module) {
  // expect: interpreter-state-main (advice)
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) return 0;
  return PyModule_AddIntConstant(module, "is_main", 1);
}

static PyObject* is_first(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyInterpreterState* main = PyInterpreterState_Main();  // expect: interpreter-state-main (advice)
  return PyBool_FromLong(PyInterpreterState_Get() == main);
}

static PyMethodDef methods[] = {
    {"where", where, METH_NOARGS, NULL},
    {"here", here, METH_NOARGS, NULL},
    {"is_first", is_first, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "interpreter_state_main", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_interpreter_state_main(void) { return PyModuleDef_Init(&definition); }
