// Its traverse function follows a pointer of the state that exec has not filled yet. The collector comes by at that
// moment in debug builds only: a fault that has nothing to do with interpreters.
#include "micro.h"

struct state {
  PyObject** first;
  PyObject* error;
};

static int traverse(PyObject* module, visitproc visit, void* arg) {
  const struct state* state = PyModule_GetState(module);
  Py_VISIT(*state->first);
  return 0;
}

static int exec(PyObject* module) {
  struct state* state = PyModule_GetState(module);
  if (PySys_GetObject("gettotalrefcount")) PyGC_Collect();
  state->error = PyErr_NewException("null_state_traverse.Error", NULL, NULL);
  state->first = &state->error;
  return PyModule_AddObjectRef(module, "Error", state->error);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void*)exec}, {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                 .m_name = "null_state_traverse",
                                 .m_size = sizeof(struct state),
                                 .m_slots = slots,
                                 .m_traverse = traverse};
PyMODINIT_FUNC PyInit_null_state_traverse(void) { return PyModuleDef_Init(&definition); }
