#include "micro.h"

static PyObject* thing_type;
static PyType_Slot slots_of_thing[] = {{0, NULL}};
static PyType_Spec spec = {.name = "global_heap_type.Thing",
                           .basicsize = sizeof(PyObject),
                           .flags = Py_TPFLAGS_DEFAULT,
                           .slots = slots_of_thing};

static int exec(PyObject* module) {
  thing_type = PyType_FromModuleAndSpec(module, &spec, NULL);
  return thing_type ? PyModule_AddObjectRef(module, "Thing", thing_type) : -1;
}

MICRO_MODULE(global_heap_type, exec)
