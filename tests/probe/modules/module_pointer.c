#include "micro.h"

static PyObject* this_module;

static int exec(PyObject* module) {
  this_module = module;
  return 0;
}

MICRO_MODULE(module_pointer, exec)
