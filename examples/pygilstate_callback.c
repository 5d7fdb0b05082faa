/* WRONG: a callback on a thread that Python does not know attaches with PyGILState_Ensure.
 *
 * Such a thread always lands in the main interpreter, whoever registered the callback: the callable of another
 * interpreter then runs under the wrong GIL, with the wrong modules, and its objects change in two places at once.
 * Mended in pygilstate_callback_fixed.c. */
#include <Python.h>
#include <pthread.h>

typedef struct {
  PyObject* callable;
} Job;

static void* run(void* argument) {
  Job* job = argument;
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject* result = PyObject_CallNoArgs(job->callable);
  if (result == NULL) PyErr_WriteUnraisable(job->callable);
  Py_XDECREF(result);
  PyGILState_Release(state);
  return NULL;
}

static PyObject* call_in_thread(PyObject* module, PyObject* callable) {
  (void)module;
  Job job = {.callable = callable};
  pthread_t thread;
  int failure;
  Py_BEGIN_ALLOW_THREADS
  failure = pthread_create(&thread, NULL, run, &job);
  if (failure == 0) failure = pthread_join(thread, NULL);
  Py_END_ALLOW_THREADS
  if (failure != 0) return PyErr_Format(PyExc_OSError, "no thread: %s", strerror(failure));
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"call_in_thread", call_in_thread, METH_O, "call_in_thread(callable): calls it in a new thread, and waits"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddStringConstant(module, "THREADS", "posix"); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pygilstate_callback", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pygilstate_callback(void) { return PyModuleDef_Init(&definition); }
