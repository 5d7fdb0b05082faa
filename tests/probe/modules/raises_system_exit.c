// Raises what ends a program.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  PyErr_SetString(PyExc_SystemExit, "good bye");
  return -1;
}

MICRO_MODULE(raises_system_exit, exec)
