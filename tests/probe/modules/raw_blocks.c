// Memory that no interpreter owns, and a pointer to what was given back: nothing of an interpreter is shared.
#include <stdlib.h>

#include "micro.h"

static char* from_c;
static char* raw;
static char* large;
static char* stale;

// Given back before others of its size, so that the next who asks gets one of those.
static int keep_stale(void) {
  void* blocks[24];
  for (int i = 0; i < 24; i++) {
    blocks[i] = PyMem_Malloc(496);
    if (!blocks[i]) return -1;
  }
  stale = blocks[5];
  PyMem_Free(blocks[5]);
  for (int i = 0; i < 24; i++) {
    if (i != 5) PyMem_Free(blocks[i]);
  }
  return 0;
}

static int exec(PyObject* module) {
  (void)module;
  if (!from_c) from_c = malloc(64);
  if (!raw) raw = PyMem_RawMalloc(64);
  if (!large) large = malloc(100000);
  return from_c && raw && large ? keep_stale() : -1;
}

MICRO_MODULE(raw_blocks, exec)
