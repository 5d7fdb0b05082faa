// Recycles instances through a static slot: the next interpreter gets this one's.
#include "micro.h"

typedef struct {
  PyObject_HEAD
} Thing;

static PyObject* free_thing;

static PyObject* thing_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  (void)args;
  (void)kwargs;
  if (free_thing) {
    PyObject* again = free_thing;
    free_thing = NULL;
    return PyObject_Init(again, type);
  }
  return PyType_GenericAlloc(type, 0);
}

static void thing_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  if (!free_thing) {
    free_thing = self;
  } else {
    PyObject_Free(self);
  }
  Py_DECREF(type);
}

static PyType_Slot thing_slots[] = {{Py_tp_new, thing_new}, {Py_tp_dealloc, thing_dealloc}, {0, NULL}};
static PyType_Spec spec = {
    .name = "free_list.Thing", .basicsize = sizeof(Thing), .flags = Py_TPFLAGS_DEFAULT, .slots = thing_slots};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &spec, NULL);
  if (!type) return -1;
  PyObject* one = PyObject_CallNoArgs(type);
  PyObject* two = PyObject_CallNoArgs(type);
  Py_XDECREF(one);
  Py_XDECREF(two);
  const int added = PyModule_AddObjectRef(module, "Thing", type);
  Py_DECREF(type);
  return added;
}

MICRO_MODULE(free_list, exec)
