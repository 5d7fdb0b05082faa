#include "micro.h"

static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT, .m_name = "single_phase", .m_size = -1};
static PyObject* error;

PyMODINIT_FUNC PyInit_single_phase(void) {
  PyObject* module = PyModule_Create(&definition);
  if (!module) return NULL;
  error = PyErr_NewException("single_phase.Error", NULL, NULL);
  PyModule_AddObjectRef(module, "Error", error);
  return module;
}
