// Imports well, and dies when it is used anywhere but in the main interpreter.
#include "micro.h"

static PyObject* use(PyObject* module, PyObject* unused) {
  (void)unused;
  volatile int* nothing = NULL;
  if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) *nothing = 1;
  return Py_NewRef(module);
}

static PyMethodDef methods[] = {{"use", use, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static int exec(PyObject* module) { return PyModule_AddFunctions(module, methods); }

MICRO_MODULE(crashes_in_call, exec)
