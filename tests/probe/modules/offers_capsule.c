// Single-phase, with functions for other modules in a capsule.
#include "micro.h"

static int answer(void) { return 42; }
static void* table[] = {(void*)answer};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT, .m_name = "offers_capsule", .m_size = -1};

PyMODINIT_FUNC PyInit_offers_capsule(void) {
  PyObject* module = PyModule_Create(&definition);
  PyObject* capsule = module ? PyCapsule_New(table, "pkg.offers_capsule.api", NULL) : NULL;
  if (capsule) PyModule_AddObjectRef(module, "api", capsule);
  Py_XDECREF(capsule);
  return module;
}
