// The C API of another module. The name shows in the compiled module.
// inspect: capsule-api-in-static (advice)
#include <Python.h>

static PyObject* lookup(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  void* api = PyCapsule_Import("pyexpat.expat_CAPI", 0);
  if (api == NULL) return NULL;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"lookup", lookup, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "capsule_api_in_static", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_capsule_api_in_static(void) { return PyModuleDef_Init(&definition); }
