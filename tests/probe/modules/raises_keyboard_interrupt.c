// Raises what a user raises.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  PyErr_SetNone(PyExc_KeyboardInterrupt);
  return -1;
}

MICRO_MODULE(raises_keyboard_interrupt, exec)
