// A block of one interpreter's allocator that all of them find, and resize.
// inspect: pymem-block-in-global
// inspect: non-object-mutable-static
// inspect: slot-per-interpreter-gil-with-state
#include <Python.h>
#include <stdlib.h>

static char* buffer;   // expect: pymem-block-in-global
static char* scratch;  // expect: non-object-mutable-static

static PyObject* grow(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  char* larger = PyMem_Realloc(buffer, 64);
  if (larger == NULL) return PyErr_NoMemory();
  buffer = larger;
  if (scratch == NULL) scratch = malloc(64);
  Py_RETURN_NONE;
}

static int set_up(PyObject* module) {
  (void)module;
  buffer = PyMem_Malloc(32);
  return buffer == NULL ? -1 : 0;
}

static PyMethodDef methods[] = {
    {"grow", grow, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pymem_block_in_global", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pymem_block_in_global(void) { return PyModuleDef_Init(&definition); }
