// One thread can run several interpreters in turn: what is the thread's is not the interpreter's.
#include "micro.h"

static _Thread_local PyObject* list;

static int exec(PyObject* module) {
  if (!list) list = PyList_New(0);
  return list ? PyModule_AddObjectRef(module, "shared", list) : -1;
}

MICRO_MODULE(thread_local_list, exec)
