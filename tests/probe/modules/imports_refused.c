// Nothing wrong in itself, but it needs a module that is refused.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  PyObject* needed = PyImport_ImportModule("single_phase");
  Py_XDECREF(needed);
  return needed ? 0 : -1;
}

MICRO_MODULE(imports_refused, exec)
