// Never comes back, and lets everybody else run meanwhile.
#include "micro.h"

static volatile int forever = 1;

static int exec(PyObject* module) {
  (void)module;
  Py_BEGIN_ALLOW_THREADS
  while (forever) continue;
  Py_END_ALLOW_THREADS
  return 0;
}

MICRO_MODULE(hangs_without_gil, exec)
