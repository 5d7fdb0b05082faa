// Globals that hold only what all interpreters share by right.
#include "micro.h"

#include <datetime.h>

static PyObject* held[14];

static int exec(PyObject* module) {
  (void)module;
  PyDateTime_IMPORT;
  if (!PyDateTimeAPI) return -1;
  held[0] = Py_None;
  held[1] = Py_NotImplemented;
  held[2] = (PyObject*)&PyLong_Type;
  held[3] = PyExc_ValueError;
  held[4] = PyLong_FromLong(7);
  held[5] = PyUnicode_FromString("x");
  held[6] = PyTuple_New(0);
  held[7] = Py_Ellipsis;
  held[8] = PyDateTime_TimeZone_UTC;
  held[9] = Py_True;
  held[10] = PyBytes_FromString("");
  held[11] = PyUnicode_FromString("");
  held[12] = (PyObject*)PyDateTimeAPI->DateType;
  held[13] = PyBytes_FromString("y");
  return 0;
}

MICRO_MODULE(immortals, exec)
