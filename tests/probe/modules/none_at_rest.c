// A global that only ever rests at None: what lies there between import and import is shared by right. While exec runs
// it holds a list, and interpreters that meet there take each other's.
#include "micro.h"

static PyObject* item = &_Py_NoneStruct;

static int exec(PyObject* module) {
  for (int i = 0; i < 3; i++) {
    item = PyList_New(i);
    if (!item || PyModule_AddIntConstant(module, "SIZE", (long)PyList_Size(item)) < 0) return -1;
    Py_DECREF(item);
  }
  item = Py_None;
  return 0;
}

MICRO_MODULE(none_at_rest, exec)
