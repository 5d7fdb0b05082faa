// Ends the process with a signal.
#include <stdlib.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  abort();
}
