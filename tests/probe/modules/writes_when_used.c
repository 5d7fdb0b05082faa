// Writes a global only when a function is called: an import alone cannot see it.
#include "micro.h"

static PyObject* last;

static PyObject* keep(PyObject* module, PyObject* argument) {
  (void)module;
  Py_XSETREF(last, Py_NewRef(argument));
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"keep", keep, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static int exec(PyObject* module) { return PyModule_AddFunctions(module, methods); }

MICRO_MODULE(writes_when_used, exec)
