// Single-phase, with functions for other modules in a capsule.
#include "micro.h"

static int answer(void) { return 42; }
static void* table[] = {(void*)answer};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT, .m_name = "offers_capsule", .m_size = -1};

// Forced into several interpreters at once, they all count references to what CPython copied of this dict: nothing but
// a lost count would free it, and that is chance. None of this is about that.
static void give_away_many(PyObject* dict) {
  PyObject* key;
  PyObject* value;
  for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value);) {
    for (int i = 0; i < 100000; ++i) {
      Py_INCREF(key);
      Py_INCREF(value);
    }
  }
}

PyMODINIT_FUNC PyInit_offers_capsule(void) {
  PyObject* module = PyModule_Create(&definition);
  PyObject* capsule = module ? PyCapsule_New(table, "pkg.offers_capsule.api", NULL) : NULL;
  if (capsule) PyModule_AddObjectRef(module, "api", capsule);
  Py_XDECREF(capsule);
  if (module) give_away_many(PyModule_GetDict(module));
  return module;
}
