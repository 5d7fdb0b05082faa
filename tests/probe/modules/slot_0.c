#include "micro.h"

static int exec(PyObject* module) { return PyModule_AddIntConstant(module, "answer", 42); }

MICRO_MODULE_WITH(slot_0, exec, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED)
