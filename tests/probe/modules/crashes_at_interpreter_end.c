// Dies when its module object is freed, outside the main interpreter.
#include <stdlib.h>
#include "micro.h"

static int exec(PyObject* module) {
  *(int*)PyModule_GetState(module) = PyInterpreterState_GetID(PyInterpreterState_Get()) != 0;
  return 0;
}

static void give_up(void* module) {
  if (*(int*)PyModule_GetState(module)) abort();
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void*)exec}, {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                 .m_name = "crashes_at_interpreter_end",
                                 .m_size = sizeof(int),
                                 .m_slots = slots,
                                 .m_free = give_up};
PyMODINIT_FUNC PyInit_crashes_at_interpreter_end(void) { return PyModuleDef_Init(&definition); }
