#include "needs_capsule.h"

static PyObject* cache;

static int exec(PyObject* module) {
  (void)module;
  if (!has_capsule()) return -1;
  if (!cache) cache = PyDict_New();
  return cache ? 0 : -1;
}

MICRO_MODULE(needs_capsule_and_shares, exec)
