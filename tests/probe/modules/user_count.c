// Counts the interpreters that use it, up and down.
#include "micro.h"

static long users;

static int exec(PyObject* module) {
  (void)module;
  __atomic_add_fetch(&users, 1, __ATOMIC_SEQ_CST);
  return 0;
}

static void release(void* module) {
  (void)module;
  __atomic_sub_fetch(&users, 1, __ATOMIC_SEQ_CST);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec}, {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "user_count", .m_slots = slots, .m_free = release};
PyMODINIT_FUNC PyInit_user_count(void) { return PyModuleDef_Init(&definition); }
