#include "micro.h"

static PyThreadState* saved;

static int exec(PyObject* module) {
  (void)module;
  saved = PyThreadState_Get();
  return 0;
}

MICRO_MODULE(thread_state, exec)
