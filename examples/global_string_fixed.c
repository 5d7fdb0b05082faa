/* The string is made for each module, and kept in its state.
 *
 * global_string.c, mended. */
#include <Python.h>

typedef struct {
  PyObject* greeting;
} State;

static PyObject* greet(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  return Py_NewRef(state->greeting);
}

static PyMethodDef methods[] = {
    {"greet", greet, METH_NOARGS, "greet(): the greeting"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->greeting = PyUnicode_InternFromString("good morning, interpreter");
  return state->greeting == NULL ? -1 : PyModule_AddObjectRef(module, "GREETING", state->greeting);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  if (state != NULL) Py_VISIT(state->greeting);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  if (state != NULL) Py_CLEAR(state->greeting);
  return 0;
}

static void release(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_string_fixed", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,      .m_traverse = traverse,          .m_clear = clear,        .m_free = release,
};

PyMODINIT_FUNC PyInit_global_string_fixed(void) { return PyModuleDef_Init(&definition); }
