// Lets isolated interpreters in as long as main does not use it.
#include "micro.h"

static int main_uses_it;

static int exec(PyObject* module) {
  (void)module;
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) {
    main_uses_it = 1;
  } else if (main_uses_it) {
    PyErr_SetString(PyExc_RuntimeError, "main has it");
    return -1;
  }
  return 0;
}

MICRO_MODULE(main_has_it, exec)
