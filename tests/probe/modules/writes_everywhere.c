// Writes what looks like a closing event to every descriptor.
#include <string.h>
#include <unistd.h>
#include "micro.h"

static int exec(PyObject* module) {
  (void)module;
  static const char lie[] = "{\"e\":\"end\",\"steps\":1}\n{\"t\":\"\",\"e\":\"end\",\"steps\":1}\nhalf a line";
  for (int descriptor = 1; descriptor < 1024; ++descriptor) {
    if (write(descriptor, lie, strlen(lie)) < 0) continue;
  }
  return 0;
}

MICRO_MODULE(writes_everywhere, exec)
