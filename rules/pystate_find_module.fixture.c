// The table of single-phase modules, asked by multi-phase code; beside it the ways that work.
#include <Python.h>

typedef struct {
  PyObject* names;
} State;

static struct PyModuleDef definition;

static PyObject* wrong(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyObject* found = PyState_FindModule(&definition);  // expect: pystate-find-module
  State* state = PyModule_GetState(found);
  return Py_NewRef(state->names);
}

static PyObject* right(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  return Py_NewRef(state->names);
}

static PyObject* by_type(PyObject* module, PyObject* object) {
  (void)module;
  PyObject* found = PyType_GetModuleByDef(Py_TYPE(object), &definition);
  return Py_XNewRef(found);
}

// A name that only looks alike.
static PyObject* My_PyState_FindModule(void) { return PyDict_New(); }

static PyObject* alike(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return My_PyState_FindModule();
}

static PyMethodDef methods[] = {
    {"wrong", wrong, METH_NOARGS, NULL},
    {"right", right, METH_NOARGS, NULL},
    {"by_type", by_type, METH_O, NULL},
    {"alike", alike, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->names = PyList_New(0);
  if (PyState_AddModule(module, &definition) < 0) return -1;  // expect: pystate-find-module
  if (PyState_RemoveModule(&definition) < 0) return -1;       // expect: pystate-find-module
  return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state, module-state-without-gc-hooks (advice)
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pystate_find_module", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pystate_find_module(void) { return PyModuleDef_Init(&definition); }
