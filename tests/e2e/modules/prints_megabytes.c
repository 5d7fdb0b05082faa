// Prints four megabytes to stdout and as many to stderr; clean otherwise.
#include <string.h>
#include <unistd.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  char line[4096];
  memset(line, 0x21, sizeof line);
  line[sizeof line - 1] = 0x0a;
  for (int i = 0; i < 1024; i++) {
    if (write(STDOUT_FILENO, line, sizeof line) < 0 || write(STDERR_FILENO, line, sizeof line) < 0) break;
  }
  return 0;
}
