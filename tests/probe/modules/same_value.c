// Written by every import, always with the same value: worth a look, no proof of harm.
#include "micro.h"

static long page_size;

static int exec(PyObject* module) {
  page_size = 4096;
  return PyModule_AddIntConstant(module, "page_size", page_size);
}

MICRO_MODULE(same_value, exec)
