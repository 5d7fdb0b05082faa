// Asks for more than there is.
#include <stdlib.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  const size_t step = 64u << 20;
  for (int i = 0; i < 1000; ++i) {
    if (!malloc(step)) {
      PyErr_NoMemory();
      return -1;
    }
  }
  return 0;
}

MICRO_MODULE(eats_memory, exec)
