/* MENDED: the twin of pymem_block.c.
 *
 * Each module has a block of its own in its state, and gives it back to the interpreter that it came from. */
#include <Python.h>

typedef struct {
  char* scratch;
} State;

static PyObject* upper(PyObject* module, PyObject* args) {
  State* state = PyModule_GetState(module);
  const char* word;
  if (!PyArg_ParseTuple(args, "s", &word)) return NULL;
  size_t length = strlen(word) < 63 ? strlen(word) : 63;
  for (size_t i = 0; i < length; i++) state->scratch[i] = Py_TOUPPER(word[i]);
  return PyUnicode_FromStringAndSize(state->scratch, (Py_ssize_t)length);
}

static PyMethodDef methods[] = {
    {"upper", upper, METH_VARARGS, "upper(word): at most 63 of its letters, upper case"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->scratch = PyMem_Malloc(64);
  return state->scratch == NULL ? (PyErr_NoMemory(), -1) : 0;
}

static void free_module(void* module) {
  State* state = PyModule_GetState(module);
  PyMem_Free(state->scratch);
  state->scratch = NULL;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pymem_block_fixed", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,      .m_free = free_module,
};

PyMODINIT_FUNC PyInit_pymem_block_fixed(void) { return PyModuleDef_Init(&definition); }
