// What the small modules have in common: multi-phase init with one exec function and one support level.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define MICRO_MODULE_WITH(name, exec, support)                                                                        \
  static PyModuleDef_Slot name##_slots[] = {                                                                          \
      {Py_mod_exec, (void*)(exec)}, {Py_mod_multiple_interpreters, (support)}, {0, NULL}};                            \
  static PyModuleDef name##_definition = {.m_base = PyModuleDef_HEAD_INIT, .m_name = #name, .m_slots = name##_slots}; \
  PyMODINIT_FUNC PyInit_##name(void) { return PyModuleDef_Init(&name##_definition); }

// Declares support for an own GIL, whether that is true or not.
#define MICRO_MODULE(name, exec) MICRO_MODULE_WITH(name, exec, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED)
