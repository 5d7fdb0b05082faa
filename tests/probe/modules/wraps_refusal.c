// As imports_refused, but tells it in its own words.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  PyObject* needed = PyImport_ImportModule("single_phase");
  if (!needed) {
    PyErr_Clear();
    PyErr_SetString(PyExc_ImportError, "the engine could not be started");
    return -1;
  }
  Py_DECREF(needed);
  return 0;
}

MICRO_MODULE(wraps_refusal, exec)
