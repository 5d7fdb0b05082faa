// A chain with one node for each interpreter that has the module, the newest first.
#include <pthread.h>
#include <stdlib.h>

#include "micro.h"

typedef struct Node {
  PyObject* module;
  struct Node* next;
} Node;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Node* first;

static int exec(PyObject* module) {
  Node* node = calloc(1, sizeof(Node));
  if (!node) return -1;
  node->module = module;
  pthread_mutex_lock(&lock);
  node->next = first;
  first = node;
  pthread_mutex_unlock(&lock);
  return 0;
}

static void end(void* module) {
  pthread_mutex_lock(&lock);
  for (Node** at = &first; *at; at = &(*at)->next) {
    if ((*at)->module != module) continue;
    Node* gone = *at;
    *at = gone->next;
    free(gone);
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
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "list_for_each", .m_slots = slots, .m_free = end};
PyMODINIT_FUNC PyInit_list_for_each(void) { return PyModuleDef_Init(&definition); }
