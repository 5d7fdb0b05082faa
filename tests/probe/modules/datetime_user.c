// A clean user of the datetime capsule: its table looks like an object whose type is `date`.
#include "micro.h"

#include <datetime.h>

static int exec(PyObject* module) {
  (void)module;
  PyDateTime_IMPORT;
  return PyDateTimeAPI ? 0 : -1;
}

MICRO_MODULE(datetime_user, exec)
