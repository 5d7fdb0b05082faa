// Right in every way: types and exceptions live in the module state.
#include "micro.h"

typedef struct {
  PyObject* error;
  PyObject* thing_type;
} State;

static PyType_Slot thing_slots[] = {{0, NULL}};
static PyType_Spec thing_spec = {.name = "clean.Thing",
                                 .basicsize = sizeof(PyObject),
                                 .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                                 .slots = thing_slots};

static int exec(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->error = PyErr_NewException("clean.Error", NULL, NULL);
  if (!state->error || PyModule_AddObjectRef(module, "Error", state->error) < 0) return -1;
  state->thing_type = PyType_FromModuleAndSpec(module, &thing_spec, NULL);
  return state->thing_type ? PyModule_AddObjectRef(module, "Thing", state->thing_type) : -1;
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->error);
  Py_VISIT(state->thing_type);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->error);
  Py_CLEAR(state->thing_type);
  return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec}, {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                 .m_name = "clean",
                                 .m_size = sizeof(State),
                                 .m_slots = slots,
                                 .m_traverse = traverse,
                                 .m_clear = clear};
PyMODINIT_FUNC PyInit_clean(void) { return PyModuleDef_Init(&definition); }
