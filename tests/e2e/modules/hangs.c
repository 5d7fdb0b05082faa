// Never returns, and holds the GIL meanwhile.
#include <unistd.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  while (pause() != 1) continue;
  return 0;
}
