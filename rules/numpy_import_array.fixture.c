// numpy's C API, as numpy's header imports it. Only the compiled module shows it where numpy is not installed.
// inspect: numpy-import-array
#include <Python.h>

static void** PyArray_API;

static int set_up(PyObject* module) {
  (void)module;
  PyObject* numpy = PyImport_ImportModule("numpy._core._multiarray_umath");
  if (numpy == NULL) return -1;
  PyObject* capsule = PyObject_GetAttrString(numpy, "_ARRAY_API");
  Py_DECREF(numpy);
  if (capsule == NULL) return -1;
  PyArray_API = PyCapsule_GetPointer(capsule, NULL);
  Py_DECREF(capsule);
  return PyArray_API == NULL ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "numpy_import_array",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_numpy_import_array(void) { return PyModuleDef_Init(&definition); }
