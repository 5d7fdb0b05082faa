// Does well in the first interpreter that takes it, and ends the process in the next one.
#include <stdlib.h>

#include "micro.h"

static int taken;

static int exec(PyObject* module) {
  (void)module;
  if (taken) abort();
  taken = 1;
  return 0;
}

MICRO_MODULE(crashes_second, exec)
