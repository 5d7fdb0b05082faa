// Leaves through exit(), with the status of success.
#include <stdlib.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  exit(0);
}
