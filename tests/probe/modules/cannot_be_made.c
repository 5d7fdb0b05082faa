// Its type ends the process when it is made without arguments, in every interpreter: no news about interpreters.
#include <stdlib.h>

#include "micro.h"

static PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* names) {
  (void)names;
  if (PyTuple_Size(arguments) == 0) abort();
  return type->tp_alloc(type, 0);
}

static PyType_Slot type_slots[] = {{Py_tp_new, (void*)make}, {0, NULL}};
static PyType_Spec spec = {"cannot_be_made.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, type_slots};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &spec, NULL);
  int done = type ? PyModule_AddObjectRef(module, "Thing", type) : -1;
  Py_XDECREF(type);
  return done;
}

MICRO_MODULE(cannot_be_made, exec)
