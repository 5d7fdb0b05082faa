// A static local that the first use fills: importing alone does not.
#include "micro.h"

static PyObject* text(PyObject* self) {
  static PyObject* lazily;
  (void)self;
  if (!lazily) lazily = PyUnicode_FromString("made when first asked for");
  return Py_XNewRef(lazily);
}

static PyType_Slot thing_slots[] = {{Py_tp_repr, text}, {0, NULL}};
static PyType_Spec spec = {
    .name = "lazy_local.Thing", .basicsize = sizeof(PyObject), .flags = Py_TPFLAGS_DEFAULT, .slots = thing_slots};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &spec, NULL);
  PyObject* thing = type ? PyObject_CallNoArgs(type) : NULL;
  Py_XDECREF(type);
  const int added = thing ? PyModule_AddObjectRef(module, "thing", thing) : -1;
  Py_XDECREF(thing);
  return added;
}

MICRO_MODULE(lazy_local, exec)
