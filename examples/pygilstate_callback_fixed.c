/* MENDED: the twin of pygilstate_callback.c.
 *
 * Whoever registers the callback says which interpreter it belongs to; the thread makes a thread state for that one.
 * (From Python 3.15 on: PyInterpreterView_FromCurrent and PyThreadState_EnsureFromView, which also protect against an
 * interpreter that has ended. Here call_in_thread() waits, so that it cannot end.) */
#include <Python.h>
#include <pthread.h>

typedef struct {
  PyInterpreterState* interpreter;
  PyObject* callable;
} Job;

static void* run(void* argument) {
  Job* job = argument;
  PyThreadState* thread_state = PyThreadState_New(job->interpreter);
  if (thread_state == NULL) return NULL;
  PyEval_RestoreThread(thread_state);
  PyObject* result = PyObject_CallNoArgs(job->callable);
  if (result == NULL) PyErr_WriteUnraisable(job->callable);
  Py_XDECREF(result);
  PyThreadState_Clear(thread_state);
  PyThreadState_DeleteCurrent();
  return NULL;
}

static PyObject* call_in_thread(PyObject* module, PyObject* callable) {
  (void)module;
  Job job = {.interpreter = PyInterpreterState_Get(), .callable = callable};
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
    PyModuleDef_HEAD_INIT, .m_name = "pygilstate_callback_fixed", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pygilstate_callback_fixed(void) { return PyModuleDef_Init(&definition); }
