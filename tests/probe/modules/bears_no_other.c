// Fails whenever another interpreter is in its exec function, and gives the others time to come.
#include <stdatomic.h>
#include <unistd.h>

#include "micro.h"

static _Atomic int running;

static int exec(PyObject* module) {
  (void)module;
  const int others = atomic_fetch_add(&running, 1);
  usleep(150000);
  atomic_fetch_sub(&running, 1);
  if (others == 0) return 0;
  PyErr_SetString(PyExc_RuntimeError, "somebody else is in exec");
  return -1;
}

MICRO_MODULE(bears_no_other, exec)
