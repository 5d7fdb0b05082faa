// Raises the exception that ends a Python program.
#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  PyErr_SetNone(PyExc_SystemExit);
  return -1;
}
