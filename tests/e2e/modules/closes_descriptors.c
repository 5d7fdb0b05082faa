// Closes every file descriptor, those of the audit among them.
#include <unistd.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  for (int fd = 0; fd < 65536; fd++) close(fd);
  return 0;
}
