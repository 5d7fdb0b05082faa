// Ends the process as if all had gone well.
#include <unistd.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  _exit(0);
}

MICRO_MODULE(leaves, exec)
