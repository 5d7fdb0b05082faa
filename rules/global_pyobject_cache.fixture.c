// Globals that keep Python objects, in every shape, beside those that only ever hold what all interpreters share.
#include <Python.h>

typedef struct Spam {
  PyObject_HEAD
  struct Spam* next;
} Spam;

typedef struct {
  PyObject* cache;
} State;

static PyObject* cache;     // expect: global-pyobject-cache
PyObject* exported;         // expect: global-pyobject-cache
static PyObject* names[4];  // expect: global-string-cache
static Spam* free_spam;     // expect: global-pyobject-cache
static PyObject* parsed;    // expect: global-pyobject-cache
static PyObject* replaced;  // expect: global-pyobject-cache
static struct {
  int depth;
  PyObject* stack;
} walker;  // expect: global-pyobject-cache

// Harmless: immortal singletons and builtin types, addresses as identities, what nobody writes, module state.
static PyObject* missing;
static PyObject* const number_type = (PyObject*)&PyLong_Type;
static PyObject* sentinel = NULL;
static PyObject* never_written;
static char identity;
extern PyObject* elsewhere;
static const char* const labels[] = {"a", "b", NULL};

static PyObject* use(PyObject* module, PyObject* args) {
  State* state = PyModule_GetState(module);
  if (!PyArg_ParseTuple(args, "O", &parsed)) return NULL;
  Py_XSETREF(replaced, Py_NewRef(parsed));
  if (walker.stack == NULL) walker.stack = PyList_New(0);
  names[0] = PyUnicode_InternFromString(labels[0]);
  if (free_spam != NULL) free_spam = free_spam->next;
  if (parsed == missing || parsed == number_type || parsed == sentinel || parsed == never_written) Py_RETURN_NONE;
  PyObject* known = PyDict_GetItemWithError(cache, parsed);
  return known != NULL ? Py_NewRef(known) : PyObject_GetItem(state->cache, names[0]);
}

static PyMethodDef methods[] = {{"use", use, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->cache = PyDict_New();
  if (cache == NULL) cache = PyDict_New();
  exported = PyDict_New();
  missing = Py_None;
  PyObject* capsule = PyCapsule_New(&identity, NULL, NULL);
  int status = PyModule_AddObjectRef(module, "identity", capsule);
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
    PyModuleDef_HEAD_INIT, .m_name = "global_pyobject_cache", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_pyobject_cache(void) { return PyModuleDef_Init(&definition); }
