// A statically allocated object of a builtin type.
#include "micro.h"

typedef struct {
  PyObject_HEAD
} Sentinel;

static Sentinel sentinel = {PyObject_HEAD_INIT(&PyBaseObject_Type)};

static int exec(PyObject* module) { return PyModule_AddObjectRef(module, "sentinel", (PyObject*)&sentinel); }

MICRO_MODULE(static_instance, exec)
