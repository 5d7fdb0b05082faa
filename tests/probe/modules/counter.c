#include "micro.h"

static long imports;

static int exec(PyObject* module) { return PyModule_AddIntConstant(module, "imports", ++imports); }

MICRO_MODULE(counter, exec)
