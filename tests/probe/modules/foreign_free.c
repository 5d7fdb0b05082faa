// The last interpreter that ends frees a block that the first one allocated.
#include "micro.h"

static void* block;
static int users;

static int exec(PyObject* module) {
  (void)module;
  ++users;
  if (!block) block = PyMem_Malloc(64);
  return block ? 0 : -1;
}

static void release(void* module) {
  (void)module;
  if (--users > 0) return;
  PyMem_Free(block);
  block = NULL;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec}, {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "foreign_free", .m_slots = slots, .m_free = release};
PyMODINIT_FUNC PyInit_foreign_free(void) { return PyModuleDef_Init(&definition); }
