// A table in the C heap that the first importer fills with its own type, and everybody uses under a lock: no global
// holds an object, one step behind a global does.
#include <pthread.h>
#include <stdlib.h>

#include "micro.h"

typedef struct {
  int version;
  PyObject* type;
  PyObject* error;
} Table;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Table* table;

static int exec(PyObject* module) {
  pthread_mutex_lock(&lock);
  if (!table) {
    table = calloc(1, sizeof(Table));
    if (table) {
      table->version = 1;
      table->type = PyErr_NewException("table_of_first.Thing", NULL, NULL);
      table->error = PyErr_NewException("table_of_first.Error", NULL, NULL);
    }
  }
  pthread_mutex_unlock(&lock);
  return table ? PyModule_AddIntConstant(module, "VERSION", table->version) : -1;
}

MICRO_MODULE(table_of_first, exec)
