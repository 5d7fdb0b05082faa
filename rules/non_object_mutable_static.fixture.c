// Numbers, flags, buffers and pointers that had the GIL as their lock, beside those that need none.
#include <Python.h>
#include <datetime.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static long calls;             // expect: non-object-mutable-static
int exported_flags = 1;        // expect: non-object-mutable-static
static char buffer[64];        // expect: non-object-mutable-static
static const char* last_name;  // expect: non-object-mutable-static
static void* block;            // expect: pymem-block-in-global
static struct {
  int depth;
  double sum;
} statistics;                      // expect: non-object-mutable-static
static int table[16];              // expect: non-object-mutable-static
static unsigned random_state = 1;  // expect: non-object-mutable-static

// Under a lock of their own, or the same value whoever writes: worth a look, no more.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counted;     // expect: non-object-mutable-static (advice)
static int initialised;  // expect: non-object-mutable-static (advice)
static long page_size;   // expect: non-object-mutable-static (advice)

// Harmless.
static const unsigned char digits[] = "0123456789";
static const char* const words[] = {"one", "two"};
static char* kwlist[] = {"name", "flag", NULL};
static atomic_int live;
static _Atomic(long) seen;
static _Thread_local char per_thread[32];
static _Thread_local int depth;
static volatile sig_atomic_t stop;
static double ratio = 0.5;
static char identity;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static Py_tss_t key = Py_tss_NEEDS_INIT;
extern int elsewhere;
#if PY_VERSION_HEX >= 0x030D0000
static PyMutex py_lock;
#endif

static void on_signal(int number) {
  (void)number;
  stop = 1;
}

static void start(void) { signal(SIGUSR1, on_signal); }  // expect: signals-timers

static unsigned next_random(void) {
  random_state = random_state * 1103515245u + 12345u;
  return random_state >> 16;
}

static PyObject* use(PyObject* module, PyObject* args, PyObject* kwargs) {
  const char* name = words[0];
  int flag = 0;
  (void)module;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|i", kwlist, &name, &flag)) return NULL;
  calls++;
  exported_flags |= flag;
  last_name = name;
  snprintf(buffer, sizeof buffer, "%s %u", name, next_random());
  statistics.depth += 1;
  table[calls & 15] = flag;
  pthread_mutex_lock(&lock);
  counted += 1;
  pthread_mutex_unlock(&lock);
#if PY_VERSION_HEX >= 0x030D0000
  PyMutex_Lock(&py_lock);
  PyMutex_Unlock(&py_lock);
#endif
  initialised = 1;
  if (page_size == 0) page_size = sysconf(_SC_PAGESIZE);
  atomic_fetch_add(&live, 1);
  seen += 1;
  depth++;
  snprintf(per_thread, sizeof per_thread, "%d", depth);
  return Py_BuildValue("(scdils)", last_name, digits[flag & 7], ratio * statistics.sum, table[0], counted, per_thread);
}

static PyMethodDef methods[] = {
    {"use", (PyCFunction)(void (*)(void))use, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  PyDateTime_IMPORT;  // expect: datetime-import (advice)
  if (PyDateTimeAPI == NULL) return -1;
  pthread_once(&once, start);
  if (PyThread_tss_create(&key) != 0) return -1;  // expect: tss-keys
  PyMem_Free(block);
  block = PyMem_Malloc(64);
  PyObject* capsule = PyCapsule_New(&identity, NULL, NULL);
  int status = PyModule_AddObjectRef(module, "identity", capsule);
  Py_XDECREF(capsule);
  return initialised && page_size ? status : -1;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "non_object_mutable_static", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_non_object_mutable_static(void) { return PyModuleDef_Init(&definition); }
