// A string that no other object refers to.
#include "micro.h"

static PyObject* greeting;

static int exec(PyObject* module) {
  (void)module;
  if (!greeting) greeting = PyUnicode_FromString("a greeting that nobody else holds");
  return greeting ? 0 : -1;
}

MICRO_MODULE(global_string, exec)
