// Uses a global only while its exec function runs, and leaves nothing behind: only interpreters that meet there see it.
#include "micro.h"

#include <stdatomic.h>
#include <unistd.h>

static _Atomic int running;

static int exec(PyObject* module) {
  (void)module;
  const int others = atomic_fetch_add(&running, 1);
  usleep(2000);
  atomic_fetch_sub(&running, 1);
  if (others == 0) return 0;
  PyErr_SetString(PyExc_RuntimeError, "somebody else is in exec");
  return -1;
}

MICRO_MODULE(races_in_exec, exec)
