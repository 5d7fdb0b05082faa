// The last importer's exception class wins.
#include "micro.h"

static PyObject* error;

static int exec(PyObject* module) {
  error = PyErr_NewException("global_exception.Error", NULL, NULL);
  return error ? PyModule_AddObjectRef(module, "Error", error) : -1;
}

MICRO_MODULE(global_exception, exec)
