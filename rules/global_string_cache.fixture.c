// A string that is made once and kept for everyone.
// inspect: global-string-cache
// inspect: slot-per-interpreter-gil-with-state
// inspect: m-size-zero-with-globals (advice)
#include <Python.h>

static PyObject* name_of_read;  // expect: global-string-cache

// An attribute by its C string: each interpreter makes its own.
static PyObject* read_it(PyObject* module, PyObject* source) {
  (void)module;
  return PyObject_GetAttr(source, name_of_read);
}

static PyObject* close_it(PyObject* module, PyObject* source) {
  (void)module;
  return PyObject_CallMethod(source, "close", NULL);
}

static int set_up(PyObject* module) {
  (void)module;
  name_of_read = PyUnicode_InternFromString("read");
  return name_of_read == NULL ? -1 : 0;
}

static PyMethodDef methods[] = {
    {"read_it", read_it, METH_O, NULL},
    {"close_it", close_it, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_string_cache", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_global_string_cache(void) { return PyModuleDef_Init(&definition); }
