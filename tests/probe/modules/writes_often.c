// Writes one variable a million times: a witness of each write would take minutes.
#include "micro.h"

static volatile long imports;

static int exec(PyObject* module) {
  for (long i = 0; i < 1000000; ++i) ++imports;
  return PyModule_AddIntConstant(module, "imports", imports);
}

MICRO_MODULE(writes_often, exec)
