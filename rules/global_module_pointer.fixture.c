// The module object in a static, for methods that have it as `self` anyway.
// inspect: global-module-pointer
// inspect: slot-per-interpreter-gil-with-state
// inspect: m-size-zero-with-globals (advice)
#include <Python.h>

static PyObject* this_module;  // expect: global-module-pointer

static PyObject* version(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyObject_GetAttrString(this_module, "VERSION");
}

static PyObject* own_version(PyObject* module, PyObject* unused) {
  (void)unused;
  return PyObject_GetAttrString(module, "VERSION");
}

static int set_up(PyObject* module) {
  this_module = module;
  return PyModule_AddStringConstant(module, "VERSION", "1");
}

static PyMethodDef methods[] = {
    {"version", version, METH_NOARGS, NULL},
    {"own_version", own_version, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_module_pointer", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_global_module_pointer(void) { return PyModuleDef_Init(&definition); }
