/* WRONG: a static variable keeps a block from PyMem_Malloc, which the next interpreter frees.
 *
 * PyMem_Malloc takes small blocks from the interpreter's own allocator. Freed in another interpreter, the process ends
 * with "free(): invalid pointer", on every version, without any race.
 * Mended in pymem_block_fixed.c. */
#include <Python.h>

static char* scratch;

static PyObject* upper(PyObject* module, PyObject* args) {
  (void)module;
  const char* word;
  if (!PyArg_ParseTuple(args, "s", &word)) return NULL;
  size_t length = strlen(word) < 63 ? strlen(word) : 63;
  for (size_t i = 0; i < length; i++) scratch[i] = Py_TOUPPER(word[i]);
  return PyUnicode_FromStringAndSize(scratch, (Py_ssize_t)length);
}

static PyMethodDef methods[] = {
    {"upper", upper, METH_VARARGS, "upper(word): at most 63 of its letters, upper case"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  (void)module;
  PyMem_Free(scratch);
  scratch = PyMem_Malloc(64);
  return scratch == NULL ? (PyErr_NoMemory(), -1) : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pymem_block", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pymem_block(void) { return PyModuleDef_Init(&definition); }
