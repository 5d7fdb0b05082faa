// Calls back on a thread that Python does not know, which asks PyGILState_Ensure for an interpreter: it gets the main
// one. A second function does the same from a thread that runs an interpreter, where nothing is wrong with it.
#include <pthread.h>

#include "micro.h"

static void* run(void* callable) {
  PyGILState_STATE state = PyGILState_Ensure();
  Py_XDECREF(PyObject_CallNoArgs(callable));
  PyErr_Clear();
  PyGILState_Release(state);
  return NULL;
}

static PyObject* elsewhere(PyObject* module, PyObject* callable) {
  (void)module;
  pthread_t thread;
  Py_BEGIN_ALLOW_THREADS
  if (pthread_create(&thread, NULL, run, callable) == 0) pthread_join(thread, NULL);
  Py_END_ALLOW_THREADS
  Py_RETURN_NONE;
}

static PyObject* here(PyObject* module, PyObject* callable) {
  (void)module;
  run(callable);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"elsewhere", elsewhere, METH_O, NULL}, {"here", here, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "foreign_callback", .m_methods = methods, .m_slots = slots};
PyMODINIT_FUNC PyInit_foreign_callback(void) { return PyModuleDef_Init(&definition); }
