// Fine in the main interpreter, a crash in every other.
#include <stdlib.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) abort();
  return 0;
}
