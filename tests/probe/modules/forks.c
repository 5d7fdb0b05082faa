// Makes a copy of the process that goes on as if it were the first.
#include <unistd.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  return fork() < 0 ? -1 : 0;
}

MICRO_MODULE(forks, exec)
