// Handlers and timers of the process.
// inspect: signals-timers
// inspect: signals-timers
#include <Python.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int number) { (void)number; }

static int set_up(PyObject* module) {
  (void)module;
  signal(SIGUSR1, handler);  // expect: signals-timers
  alarm(5);                  // expect: signals-timers
  return 0;
}

static PyObject* block(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"block", block, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "signals_timers", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_signals_timers(void) { return PyModuleDef_Init(&definition); }
