// The polite form: exit handlers run.
#include <stdlib.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  exit(0);
}

MICRO_MODULE(exits, exec)
