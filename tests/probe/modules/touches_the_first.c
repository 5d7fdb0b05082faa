// Every import takes a reference to the first importer's exception, which is kept where no global leads to: its address
// is written down as a number that is no address.
#include "micro.h"

static uintptr_t hidden;

static int exec(PyObject* module) {
  if (!hidden) {
    PyObject* error = PyErr_NewException("touches_the_first.Error", NULL, NULL);
    if (PyModule_Add(module, "Error", Py_XNewRef(error)) < 0) return -1;
    hidden = ~(uintptr_t)error;
    return 0;
  }
  Py_INCREF((PyObject*)~hidden);
  return 0;
}

MICRO_MODULE(touches_the_first, exec)
