// Callbacks that a library keeps together with an object of one interpreter.
#include <Python.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

// What <argp.h>, <expat.h> and many others look like: declared by a header of the system.
#include <stdio.h>

static ssize_t write_to(void* file, const char* bytes, size_t size) {
  PyObject* written = PyObject_CallMethod((PyObject*)file, "write", "y#", bytes, (Py_ssize_t)size);
  Py_XDECREF(written);
  return written == NULL ? -1 : (ssize_t)size;
}

static int on_exit_of_process(void) { return 0; }

static void say(int status, void* text) {
  (void)status;
  PySys_WriteStderr("%s", (const char*)text);
}

static int by_length(const void* a, const void* b) { return (int)(*(const char*)a - *(const char*)b); }

static PyObject* listen(PyObject* self, PyObject* file) {
  (void)self;
  char text[] = "ba";
  qsort(text, 2, 1, by_length);
  if (on_exit(say, file) != 0) return NULL;  // expect: global-callback-registration, signals-timers
  if (on_exit_of_process() != 0 || write_to(file, text, 2) < 0) return NULL;
  return PyUnicode_FromString(text);
}

static PyMethodDef methods[] = {{"listen", listen, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "global_callback_registration",
                                        .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit_global_callback_registration(void) { return PyModuleDef_Init(&definition); }
