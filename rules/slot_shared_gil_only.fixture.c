// The declaration, spelt as authors spell it, beside one that supports a GIL of its own.
#include <Python.h>

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 3); }

static PyModuleDef_Slot plain_slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED},  // expect: slot-shared-gil-only
    {0, NULL},
};

static struct PyModuleDef plain_definition = {PyModuleDef_HEAD_INIT, .m_name = "plain", .m_size = 0,
                                              .m_slots = plain_slots};

PyMODINIT_FUNC PyInit_plain(void) { return PyModuleDef_Init(&plain_definition); }

static PyModuleDef_Slot named_slots[] = {
    {.slot = Py_mod_multiple_interpreters, .value = (void*)1},  // expect: slot-shared-gil-only
    {.slot = 0, .value = NULL},
};

static struct PyModuleDef named_definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_slots = named_slots,
    .m_size = 0,
    .m_name = "named",
};

PyMODINIT_FUNC PyInit_named(void) { return PyModuleDef_Init(&named_definition); }

PyMODINIT_FUNC PyInit_inner(void) {
  static PyModuleDef_Slot slots[] = {
      {Py_mod_exec, set_up},
      {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED},  // expect: slot-shared-gil-only
      {0, NULL},
  };
  static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "inner", .m_size = 0, .m_slots = slots};
  return PyModuleDef_Init(&definition);
}

static PyModuleDef_Slot ready_slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef ready_definition = {PyModuleDef_HEAD_INIT, .m_name = "ready", .m_size = 0,
                                              .m_slots = ready_slots};

PyMODINIT_FUNC PyInit_ready(void) { return PyModuleDef_Init(&ready_definition); }

// Nobody hands this table to the import system.
PyModuleDef_Slot spare_slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED},
    {0, NULL},
};
