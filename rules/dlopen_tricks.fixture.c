// A plugin that goes with the call that loaded it.
// inspect: dlopen-tricks (advice)
#include <Python.h>
#include <dlfcn.h>

static PyObject* call(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  void* plugin = dlopen("plugin.so", RTLD_NOW | RTLD_LOCAL);
  if (plugin != NULL) dlclose(plugin);  // expect: dlopen-tricks (advice)
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"call", call, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "dlopen_tricks", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_dlopen_tricks(void) { return PyModuleDef_Init(&definition); }
