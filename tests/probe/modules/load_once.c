// Refuses to be loaded twice, by itself.
#include "micro.h"

static int loaded;

static int exec(PyObject* module) {
  (void)module;
  if (loaded++) {
    PyErr_SetString(PyExc_ImportError, "cannot load module more than once per process");
    return -1;
  }
  return 0;
}

MICRO_MODULE(load_once, exec)
