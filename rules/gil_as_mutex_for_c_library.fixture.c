// Handles of libraries that only the GIL kept two threads out of.
#include <Python.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>

static DIR* folder;   // expect: gil-as-mutex-for-c-library (advice), non-object-mutable-static
static DIR* locked;   // expect: non-object-mutable-static (advice)
static FILE* record;  // expect: non-object-mutable-static
static char* buffer;  // expect: non-object-mutable-static
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static PyObject* open_it(PyObject* self, PyObject* unused) {
  (void)self;
  (void)unused;
  folder = opendir(".");
  pthread_mutex_lock(&lock);
  if (locked == NULL) locked = opendir("/");
  pthread_mutex_unlock(&lock);
  record = fopen("record", "w");
  buffer = malloc(8);
  return PyBool_FromLong(folder != NULL && locked != NULL && record != NULL && buffer != NULL);
}

static PyMethodDef methods[] = {{"open", open_it, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "gil_as_mutex_for_c_library",
                                        .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit_gil_as_mutex_for_c_library(void) { return PyModuleDef_Init(&definition); }
