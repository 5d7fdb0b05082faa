// Ends the process by SIGABRT.
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  abort();
}

MICRO_MODULE(aborts, exec)
