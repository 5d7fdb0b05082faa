// Never comes back, and keeps the GIL.
#include <unistd.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  for (;;) pause();
  return 0;
}

MICRO_MODULE(hangs, exec)
