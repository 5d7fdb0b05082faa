// A heap type with one reference too many: it outlives its interpreter.
#include "micro.h"

static PyType_Slot thing_slots[] = {{0, NULL}};
static PyType_Spec thing_spec = {
    .name = "leaks_type.Thing", .basicsize = sizeof(PyObject), .flags = Py_TPFLAGS_DEFAULT, .slots = thing_slots};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &thing_spec, NULL);
  return type ? PyModule_AddObjectRef(module, "Thing", type) : -1;
}

MICRO_MODULE(leaks_type, exec)
