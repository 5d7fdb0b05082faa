#include "micro.h"

static PyObject* cache;

static int exec(PyObject* module) {
  (void)module;
  if (!cache) cache = PyDict_New();
  return cache ? 0 : -1;
}

MICRO_MODULE(global_dict, exec)
