/* MENDED: the twin of global_exception.c.
 *
 * The class lives in the module's state; parse_digit() raises the one of its own module. */
#include <Python.h>

typedef struct {
  PyObject* parse_error;
} State;

static PyObject* parse_digit(PyObject* module, PyObject* args) {
  int character;
  if (!PyArg_ParseTuple(args, "C", &character)) return NULL;
  if (character < '0' || character > '9') {
    State* state = PyModule_GetState(module);
    PyErr_SetString(state->parse_error, "not a digit");
    return NULL;
  }
  return PyLong_FromLong(character - '0');
}

static PyMethodDef methods[] = {
    {"parse_digit", parse_digit, METH_VARARGS, "parse_digit(character): its value"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->parse_error = PyErr_NewException("global_exception_fixed.ParseError", PyExc_ValueError, NULL);
  return PyModule_AddObjectRef(module, "ParseError", state->parse_error);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->parse_error);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->parse_error);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "global_exception_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_global_exception_fixed(void) { return PyModuleDef_Init(&definition); }
