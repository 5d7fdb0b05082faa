// Callbacks that attach through the GIL-state API, beside thread states that name their interpreter.
#include <Python.h>
#include <pthread.h>

typedef struct {
  PyInterpreterState* interpreter;
  PyObject* callable;
} Job;

static void* wrong(void* argument) {
  Job* job = argument;
  PyGILState_STATE state = PyGILState_Ensure();  // expect: pygilstate
  Py_XDECREF(PyObject_CallNoArgs(job->callable));
  PyGILState_Release(state);
  return NULL;
}

static void* right(void* argument) {
  Job* job = argument;
  // expect: threads-must-end (advice)
  PyThreadState* thread_state = PyThreadState_New(job->interpreter);
  PyEval_RestoreThread(thread_state);
  Py_XDECREF(PyObject_CallNoArgs(job->callable));
  PyThreadState_Clear(thread_state);
  PyThreadState_DeleteCurrent();
  return NULL;
}

static PyObject* known_thread(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyBool_FromLong(PyGILState_GetThisThreadState() != NULL);  // expect: pygilstate
}

// Released and taken again around a call that blocks: the local thread state is the right one.
static PyObject* run(PyObject* module, PyObject* callable) {
  Job job = {PyInterpreterState_Get(), callable};
  pthread_t threads[2];
  (void)module;
  Py_BEGIN_ALLOW_THREADS
  pthread_create(&threads[0], NULL, wrong, &job);
  pthread_create(&threads[1], NULL, right, &job);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  Py_END_ALLOW_THREADS
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"run", run, METH_O, NULL},
    {"known_thread", known_thread, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 3); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pygilstate", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pygilstate(void) { return PyModuleDef_Init(&definition); }
