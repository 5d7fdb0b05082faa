// Prefers a module that is refused, and lives without it.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  PyObject* wanted = PyImport_ImportModule("single_phase");
  if (!wanted) PyErr_Clear();
  Py_XDECREF(wanted);
  return 0;
}

MICRO_MODULE(falls_back, exec)
