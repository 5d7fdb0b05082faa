#include "needs_capsule.h"

static int exec(PyObject* module) {
  (void)module;
  return has_capsule() ? 0 : -1;
}

MICRO_MODULE(needs_capsule, exec)
