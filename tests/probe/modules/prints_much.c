// A hundred megabytes on stdout.
#include <stdio.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  static char line[1024];
  memset(line, 120, sizeof line - 1);
  for (int i = 0; i < 100 * 1024; ++i) puts(line);
  return 0;
}

MICRO_MODULE(prints_much, exec)
