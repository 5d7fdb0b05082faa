// Closes everything it can think of.
#include <unistd.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  for (int descriptor = 3; descriptor < 1024; ++descriptor) close(descriptor);
  return 0;
}

MICRO_MODULE(closes_descriptors, exec)
