// Asks its parent to trace it, as programs do that do not want a debugger; every signal then stops the process.
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
    raise(SIGUSR1);
  } else {
    puts("not traced");
  }
  return 0;
}

MICRO_MODULE(traces_itself, exec)
