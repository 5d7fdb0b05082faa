// A block of one interpreter's allocator in a global.
#include "micro.h"

static char* buffer;

static int exec(PyObject* module) {
  (void)module;
  buffer = PyMem_Malloc(64);
  if (!buffer) return -1;
  memset(buffer, 0, 64);
  return 0;
}

MICRO_MODULE(pymem_block, exec)
