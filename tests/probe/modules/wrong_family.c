// Takes from one allocator and gives back to another: a plain run may not notice.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  PyMem_Free(PyObject_Malloc(64));
  return 0;
}

MICRO_MODULE(wrong_family, exec)
