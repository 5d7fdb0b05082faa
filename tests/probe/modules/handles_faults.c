// Sets a SIGSEGV handler of its own, and keeps a counter: whoever watches the counter must not depend on that signal.
#include <signal.h>
#include <unistd.h>

#include "micro.h"

static long imports;

static void leave(int number) { _exit(number); }

static int exec(PyObject* module) {
  signal(SIGSEGV, leave);
  return PyModule_AddIntConstant(module, "imports", ++imports);
}

MICRO_MODULE(handles_faults, exec)
