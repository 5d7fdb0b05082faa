// A port that stopped halfway: multi-phase init, and the exception still in a global.
#include <Python.h>

static PyObject* Error;  // expect: global-exception

static int set_up(PyObject* module) {
  Error = PyErr_NewException("m_size_zero_with_globals.Error", NULL, NULL);
  return Error == NULL ? -1 : PyModule_AddObjectRef(module, "Error", Error);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "m_size_zero_with_globals",
    .m_size = 0,
    .m_slots = slots,
};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_m_size_zero_with_globals(void) { return PyModuleDef_Init(&definition); }
