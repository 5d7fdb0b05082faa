// Multi-phase modules whose slots say nothing of several interpreters, beside those that do.
#include <Python.h>

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 3); }

static PyModuleDef_Slot silent_slots[] = {{Py_mod_exec, set_up}, {0, NULL}};

// expect: no-multiple-interpreters-slot
static struct PyModuleDef silent_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "silent",
    .m_size = 0,
    .m_slots = silent_slots,
};

PyMODINIT_FUNC PyInit_silent(void) { return PyModuleDef_Init(&silent_definition); }

// Without any slots it is multi-phase all the same.
// expect: no-multiple-interpreters-slot
static struct PyModuleDef slotless_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "slotless",
    .m_size = 0,
};

PyMODINIT_FUNC PyInit_slotless(void) { return PyModuleDef_Init(&slotless_definition); }

PyMODINIT_FUNC PyInit_inner(void) {
  static PyModuleDef_Slot slots[] = {{Py_mod_exec, set_up}, {0, NULL}};
  // expect: no-multiple-interpreters-slot
  static struct PyModuleDef definition = {
      PyModuleDef_HEAD_INIT,
      .m_name = "inner",
      .m_size = 0,
      .m_slots = slots,
  };
  return PyModuleDef_Init(&definition);
}

// The slot for the versions that know it: there is one under the headers that this unit is read with.
static PyModuleDef_Slot guarded_slots[] = {
    {Py_mod_exec, set_up},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef guarded_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "guarded",
    .m_size = 0,
    .m_slots = guarded_slots,
};

PyMODINIT_FUNC PyInit_guarded(void) { return PyModuleDef_Init(&guarded_definition); }

static PyModuleDef_Slot future_slots[] = {
    {Py_mod_exec, set_up},
#if PY_VERSION_HEX >= 0x7F000000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

// expect: no-multiple-interpreters-slot
static struct PyModuleDef future_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "future",
    .m_size = 0,
    .m_slots = future_slots,
};

PyMODINIT_FUNC PyInit_future(void) { return PyModuleDef_Init(&future_definition); }
