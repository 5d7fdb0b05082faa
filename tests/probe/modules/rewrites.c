// Leaves nothing behind that a comparison of two moments could show: the same value again, and a value taken back.
#include <string.h>

#include "micro.h"

static long phase;
static char scratch[16];
static long page_size;

static void begin(void) { phase = 7; }
static void end(void) { phase = 0; }

static int exec(PyObject* module) {
  (void)module;
  page_size = 4096;
  begin();
  memset(scratch, 'x', sizeof(scratch));
  end();
  return 0;
}

MICRO_MODULE(rewrites, exec)
