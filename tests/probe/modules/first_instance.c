// Keeps the first instance of its type, wherever it was made: importing shows nothing, making one does.
#include "micro.h"

static PyObject* first;

static PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* names) {
  (void)arguments;
  (void)names;
  PyObject* made = type->tp_alloc(type, 0);
  if (made && !first) first = Py_NewRef(made);
  return made;
}

static PyType_Slot type_slots[] = {{Py_tp_new, (void*)make}, {0, NULL}};
static PyType_Spec spec = {"first_instance.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, type_slots};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &spec, NULL);
  int done = type ? PyModule_AddObjectRef(module, "Thing", type) : -1;
  Py_XDECREF(type);
  return done;
}

MICRO_MODULE(first_instance, exec)
