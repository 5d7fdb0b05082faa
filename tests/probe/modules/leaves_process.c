// Leaves a process behind that would outlive the audit.
#include "micro.h"

#include <unistd.h>

static int exec(PyObject* module) {
  const pid_t child = fork();
  if (child == 0) {
    sleep(600);
    _exit(0);
  }
  return PyModule_AddIntConstant(module, "child", child);
}

MICRO_MODULE(leaves_process, exec)
