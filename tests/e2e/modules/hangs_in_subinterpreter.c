// Fine in the main interpreter; never returns in any other.
#include <unistd.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  while (PyInterpreterState_Get() != PyInterpreterState_Main()) pause();
  return 0;
}
