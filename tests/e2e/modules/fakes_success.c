// Writes to every file descriptor what might be taken for good news, and leaves before anything was looked at.
#include <string.h>
#include <unistd.h>

#include "misbehave.h"

static int misbehave(PyObject* module) {
  (void)module;
  const char text[] = "\n{\"event\": \"end\", \"outcome\": \"ok\"}\n";
  for (int fd = 0; fd < 256; fd++) {
    if (write(fd, text, strlen(text)) < 0) continue;
  }
  _exit(0);
}
