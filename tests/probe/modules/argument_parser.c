// A static argument parser, as Argument Clinic writes them: CPython fills it at the first call with a tuple of the main
// interpreter, and takes care of it.
#include "micro.h"

static const char* const keywords[] = {"first", "second", NULL};
static _PyArg_Parser parser = {.keywords = keywords, .format = "O|O:Thing"};

static PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* names) {
  PyObject* first = Py_None;
  PyObject* second = Py_None;
  if (!_PyArg_ParseTupleAndKeywordsFast(arguments, names, &parser, &first, &second)) return NULL;
  return type->tp_alloc(type, 0);
}

static PyType_Slot type_slots[] = {{Py_tp_new, (void*)make}, {0, NULL}};
static PyType_Spec spec = {"argument_parser.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, type_slots};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &spec, NULL);
  int done = type ? PyModule_AddObjectRef(module, "Thing", type) : -1;
  Py_XDECREF(type);
  return done;
}

MICRO_MODULE(argument_parser, exec)
