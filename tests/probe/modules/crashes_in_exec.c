// Dies while it is imported, in a function that has a name.
#include "micro.h"

static __attribute__((noinline)) int read_nothing(volatile int* nothing) { return nothing[2]; }

static int exec(PyObject* module) {
  (void)module;
  return read_nothing(NULL) == 0 ? 0 : -1;
}

MICRO_MODULE(crashes_in_exec, exec)
