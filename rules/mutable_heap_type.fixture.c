// Heap types that Python code may change, and one that it may not.
#include <Python.h>

static PyType_Slot slots_of_all[] = {{Py_tp_doc, "A type."}, {0, NULL}};

// expect: mutable-heap-type (advice)
static PyType_Spec open_type = {"demo.Open", 0, 0, Py_TPFLAGS_DEFAULT, slots_of_all};
static PyType_Spec base_type = {"demo.Base", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots_of_all};
static PyType_Spec closed = {"demo.Closed", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots_of_all};

static int exec(PyObject* module) {
  PyType_Spec* specs[] = {&open_type, &base_type, &closed};
  for (int i = 0; i < 3; ++i) {
    PyObject* type = PyType_FromModuleAndSpec(module, specs[i], NULL);
    if (type == NULL || PyModule_AddObject(module, specs[i]->name, type) < 0) return -1;
  }
  return 0;
}

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "mutable_heap_type", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_mutable_heap_type(void) { return PyModuleDef_Init(&definition); }
