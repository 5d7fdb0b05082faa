// Allocates for each interpreter and frees for none.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  return PyMem_Malloc(64) ? 0 : -1;
}

MICRO_MODULE(leaks_blocks, exec)
