// Globals that hold only what all interpreters share by right.
#include "micro.h"

static PyObject* held[8];

static int exec(PyObject* module) {
  (void)module;
  held[0] = Py_None;
  held[1] = Py_NotImplemented;
  held[2] = (PyObject*)&PyLong_Type;
  held[3] = PyExc_ValueError;
  held[4] = PyLong_FromLong(7);
  held[5] = PyUnicode_FromString("x");
  held[6] = PyTuple_New(0);
  held[7] = Py_Ellipsis;
  return 0;
}

MICRO_MODULE(immortals, exec)
