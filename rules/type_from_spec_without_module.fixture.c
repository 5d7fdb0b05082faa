// A type that does not know its module.
// inspect: type-from-spec-without-module (advice)
#include <Python.h>

static PyType_Slot type_slots[] = {{Py_tp_doc, "a thing"}, {0, NULL}};
// expect: mutable-heap-type (advice)
static PyType_Spec spec = {"type_from_spec_without_module.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, type_slots};

static int set_up(PyObject* module) {
  PyObject* type = PyType_FromSpec(&spec);  // expect: type-from-spec-without-module (advice)
  if (type == NULL) return -1;
  int failed = PyModule_AddObjectRef(module, "Thing", type);
  Py_DECREF(type);
  return failed;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "type_from_spec_without_module",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_type_from_spec_without_module(void) { return PyModuleDef_Init(&definition); }
