// A table in the C heap with a row for each interpreter, under a lock, as Cython keeps one: everybody has its own
// there.
#include <pthread.h>
#include <stdlib.h>

#include "micro.h"

typedef struct {
  int64_t interpreter;
  PyObject* module;
} Row;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Row* rows;
static size_t used;

static int exec(PyObject* module) {
  pthread_mutex_lock(&lock);
  Row* more = realloc(rows, (used + 1) * sizeof(Row));
  if (more) {
    rows = more;
    rows[used].interpreter = PyInterpreterState_GetID(PyInterpreterState_Get());
    rows[used].module = module;
    used++;
  }
  pthread_mutex_unlock(&lock);
  return more ? 0 : -1;
}

static void end(void* module) {
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < used; i++) {
    if (rows[i].module != module) continue;
    rows[i] = rows[--used];
    break;
  }
  pthread_mutex_unlock(&lock);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void*)exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};
static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "table_for_each", .m_slots = slots, .m_free = end};
PyMODINIT_FUNC PyInit_table_for_each(void) { return PyModuleDef_Init(&definition); }
