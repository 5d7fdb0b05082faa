// Globals that keep an exception class, by what is stored and by how they are named, beside aliases of builtin ones.
#include <Python.h>

typedef struct {
  PyObject* error;
} State;

static PyObject* SpamError;          // expect: global-exception
PyObject* ExportedError;             // expect: global-exception
static PyObject* failure;            // expect: global-exception
static PyObject* documented;         // expect: global-exception
static PyObject* ImportedException;  // expect: global-exception

// Harmless: builtin exceptions are shared by design, whatever the variable is called.
static PyObject* DefaultError;
static PyObject* alias;
extern PyObject* ElsewhereError;
static const char* const messages[] = {"no spam", "no eggs"};

static PyObject* fail(PyObject* module, PyObject* number) {
  State* state = PyModule_GetState(module);
  PyObject* const classes[] = {SpamError, ExportedError, failure, documented, DefaultError, alias, state->error};
  long index = PyLong_AsLong(number);
  if (index >= 0 && index < 7) PyErr_SetString(classes[index], messages[index & 1]);
  return NULL;
}

static PyMethodDef methods[] = {{"fail", fail, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->error = PyErr_NewException("global_exception.StateError", NULL, NULL);
  SpamError = PyErr_NewException("global_exception.SpamError", PyExc_ValueError, NULL);
  ExportedError = PyErr_NewException("global_exception.ExportedError", NULL, NULL);
  failure = PyErr_NewException("global_exception.failure", NULL, NULL);
  documented = PyErr_NewExceptionWithDoc("global_exception.documented", "It failed.", NULL, NULL);
  DefaultError = PyExc_RuntimeError;
  alias = PyExc_OSError;
  PyObject* package = PyImport_ImportModule("zipfile");
  if (package == NULL) return -1;
  ImportedException = PyObject_GetAttrString(package, "BadZipFile");
  Py_DECREF(package);
  return PyModule_AddObjectRef(module, "SpamError", SpamError);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state, module-state-without-gc-hooks (advice)
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_exception", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_exception(void) { return PyModuleDef_Init(&definition); }
