// Everything works until the process ends.
#include <signal.h>
#include <stdlib.h>
#include "micro.h"

static void crash(void) { raise(SIGSEGV); }

static int exec(PyObject* module) {
  (void)module;
  return atexit(crash) == 0 ? 0 : -1;
}

MICRO_MODULE(crashes_at_exit, exec)
