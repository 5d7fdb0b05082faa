// Numbers that CPython gives to one interpreter.
#include <Python.h>

static int watcher = -1;       // expect: per-interpreter-registration-cached-in-static
static Py_ssize_t extra = -1;  // expect: per-interpreter-registration-cached-in-static
static int found;              // expect: non-object-mutable-static

static int changed(PyDict_WatchEvent event, PyObject* dict, PyObject* key, PyObject* value) {
  (void)event;
  (void)dict;
  (void)key;
  (void)value;
  return 0;
}

static PyObject* watch(PyObject* self, PyObject* dict) {
  (void)self;
  if (watcher < 0) watcher = PyDict_AddWatcher(changed);
  if (extra < 0) extra = PyUnstable_Eval_RequestCodeExtraIndex(NULL);
  found = PyDict_ContainsString(dict, "x");
  if (watcher < 0 || extra < 0 || PyDict_Watch(watcher, dict) < 0) return NULL;
  return PyLong_FromLong(found);
}

static PyMethodDef methods[] = {{"watch", watch, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        .m_name = "per_interpreter_registration_cached_in_static", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_per_interpreter_registration_cached_in_static(void) { return PyModuleDef_Init(&definition); }
