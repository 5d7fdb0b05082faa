// Keeps an object for main, which no other interpreter ever sees: nothing is shared.
#include "micro.h"

static PyObject* for_main;

static int exec(PyObject* module) {
  (void)module;
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) return 0;
  if (!for_main) for_main = PyDict_New();
  return for_main ? 0 : -1;
}

MICRO_MODULE(main_only_dict, exec)
