// Raises the exception of Ctrl-C.
#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  PyErr_SetNone(PyExc_KeyboardInterrupt);
  return -1;
}
