// Makes a second process, which goes on as if it were the first.
#include <unistd.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  return fork() < 0 ? (PyErr_SetFromErrno(PyExc_OSError), -1) : 0;
}
