// Daemon threads that are started through Python.
#include <Python.h>

static PyObject* start(PyObject* self, PyObject* target) {
  (void)self;
  PyObject* threading = PyImport_ImportModule("threading");
  if (threading == NULL) return NULL;
  PyObject* thread = PyObject_CallMethod(threading, "Thread", "OO", Py_None, target);
  Py_DECREF(threading);
  if (thread == NULL) return NULL;
  PyObject_SetAttrString(thread, "name", target);
  PyObject_SetAttrString(thread, "daemon", Py_True);  // expect: needs-daemon-thread (advice)
  PyObject* started = PyObject_CallMethod(thread, "start", NULL);
  Py_DECREF(thread);
  return started;
}

static PyMethodDef methods[] = {{"start", start, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "needs_daemon_thread", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_needs_daemon_thread(void) { return PyModuleDef_Init(&definition); }
