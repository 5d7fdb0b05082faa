// State with an object that nobody visits.
// inspect: module-state-without-gc-hooks (advice)
#include <Python.h>

typedef struct {
  PyObject* error;
} State;

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->error = PyErr_NewException("module_state_without_gc_hooks.Error", NULL, NULL);
  return state->error == NULL ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: module-state-without-gc-hooks (advice)
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "module_state_without_gc_hooks",
    .m_size = sizeof(State),
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_module_state_without_gc_hooks(void) { return PyModuleDef_Init(&definition); }
