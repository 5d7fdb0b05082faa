// A module that promises own-GIL support and keeps one counter: the promise is wrong, and nothing else here is.
#include <Python.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

typedef struct {
  PyObject* cache;
  long calls;
} State;

static long calls;  // expect: non-object-mutable-static

// All that follows is harmless.
static const double factors[] = {1.0, 0.5, 0.25};
static const char* const names[] = {"one", "two", NULL};
static const struct {
  const char* name;
  int value;
} constants[] = {{"LIMIT", 10}, {"DEPTH", 4}};
static atomic_long total;
static _Atomic int ready;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
#if PY_VERSION_HEX >= 0x030D0000
static PyMutex py_lock;
#endif
static Py_tss_t key = Py_tss_NEEDS_INIT;
static _Thread_local char scratch[64];
static volatile sig_atomic_t interrupted;
static char token;
static int never_written = 5;
extern PyObject* elsewhere;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

static PyObject* call(PyObject* module, PyObject* args, PyObject* kwargs) {
  static char* kwlist[] = {"index", "name", NULL};
  State* state = PyModule_GetState(module);
  const char* name = names[0];
  int index = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|s", kwlist, &index, &name)) return NULL;
  calls++;
  state->calls++;
  atomic_fetch_add(&total, 1);
  ready = 1;
  snprintf(scratch, sizeof scratch, "%s %d", name, never_written);
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
#if PY_VERSION_HEX >= 0x030D0000
  PyMutex_Lock(&py_lock);
  PyMutex_Unlock(&py_lock);
#endif
  return PyFloat_FromDouble(factors[index & 1] * (interrupted ? 0 : constants[0].value));
}

static PyMethodDef methods[] = {
    {"call", (PyCFunction)(void (*)(void))call, METH_VARARGS | METH_KEYWORDS, "call(index, name)"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->cache = PyDict_New();
  signal(SIGUSR1, on_signal);                     // expect: signals-timers
  if (PyThread_tss_create(&key) != 0) return -1;  // expect: tss-keys
  PyObject* capsule = PyCapsule_New(&token, NULL, NULL);
  int status = PyModule_AddObjectRef(module, "token", capsule);
  Py_XDECREF(capsule);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state, module-state-without-gc-hooks (advice)
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "slot_per_interpreter_gil_with_state",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_slot_per_interpreter_gil_with_state(void) { return PyModuleDef_Init(&definition); }
