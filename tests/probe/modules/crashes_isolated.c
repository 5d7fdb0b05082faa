// Does well in main, and ends the process in every other interpreter.
#include <stdlib.h>

#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) abort();
  return 0;
}

MICRO_MODULE(crashes_isolated, exec)
