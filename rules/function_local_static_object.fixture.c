// Objects in static locals, beside the tables that functions keep by convention.
#include <Python.h>

typedef struct {
  PyObject_HEAD
  int value;
} Spam;

static PyObject* default_value(void) {
  static PyObject* value;  // expect: function-local-static-object
  if (value == NULL) value = PyList_New(0);
  return value;
}

static PyObject* interned(int index) {
  static PyObject* strings[2];  // expect: function-local-static-object
  if (strings[index] == NULL) strings[index] = PyUnicode_InternFromString(index ? "one" : "zero");
  return strings[index];
}

static PyObject* last_seen(PyObject* item) {
  static Spam* last = NULL;  // expect: function-local-static-object
  Py_XSETREF(last, (Spam*)Py_NewRef(item));
  return (PyObject*)last;
}

static PyObject* harmless(PyObject* module, PyObject* args, PyObject* kwargs) {
  static char* kwlist[] = {"first", "second", NULL};
  static const char* const _keywords[] = {"first", "second", NULL};
  static const int widths[] = {1, 2, 4, 8};
  static PyObject* nothing;
  static PyObject* const kind = (PyObject*)&PyLong_Type;
  static struct PyModuleDef child = {PyModuleDef_HEAD_INIT, .m_name = "child", .m_size = 0};
  static _Thread_local int depth;
  PyObject *first = NULL, *second = NULL;
  (void)module;
  depth++;
  nothing = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O", kwlist, &first, &second)) return NULL;
  if (first == nothing || first == kind) return PyLong_FromLong(widths[depth & 3]);
  if (_keywords[0] == NULL) return PyModule_Create(&child);
  return Py_BuildValue("(OOO)", default_value(), interned(1), last_seen(first));
}

static PyMethodDef methods[] = {
    {"harmless", (PyCFunction)(void (*)(void))harmless, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) { return PyModule_AddObjectRef(module, "DEFAULT", default_value()); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "function_local_static_object", .m_size = 0, .m_methods = methods,
    .m_slots = slots,
};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_function_local_static_object(void) { return PyModuleDef_Init(&definition); }
