// An exception that the first importer made, handed to every interpreter from a table in the C heap: no global of the
// module holds an object, and still all have the same one.
#include <pthread.h>
#include <stdlib.h>

#include "micro.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static PyObject** table;

static int exec(PyObject* module) {
  pthread_mutex_lock(&lock);
  if (!table) {
    table = calloc(4, sizeof(PyObject*));
    if (table) table[0] = PyErr_NewException("one_error_for_all.Error", NULL, NULL);
  }
  pthread_mutex_unlock(&lock);
  return table ? PyModule_AddObjectRef(module, "Error", table[0]) : -1;
}

MICRO_MODULE(one_error_for_all, exec)
