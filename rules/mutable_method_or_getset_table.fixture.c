// Tables of definitions that are changed at run time.
#include <Python.h>

static PyObject* get_zero(PyObject* self, void* closure) {
  (void)self;
  return PyLong_FromLong(closure != NULL);
}

static PyGetSetDef getters[] = {{"zero", get_zero, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
// expect: mutable-method-or-getset-table
static PyGetSetDef edited[4];
// expect: mutable-method-or-getset-table
static PyMethodDef documented[] = {{"zero", NULL, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
// expect: mutable-method-or-getset-table
static PyType_Slot node_slots[] = {{Py_tp_getset, getters}, {Py_tp_base, NULL}, {0, NULL}};
static PyType_Spec node_spec = {"demo.Node", 0, 0, Py_TPFLAGS_IMMUTABLETYPE, node_slots};
// expect: mutable-method-or-getset-table (advice)
static PyType_Slot late_slots[] = {{Py_tp_base, NULL}, {0, NULL}};
static PyType_Spec late_spec = {"demo.Late", 0, 0, Py_TPFLAGS_IMMUTABLETYPE, late_slots};

static int exec(PyObject* module) {
  for (int i = 0; i < 3; ++i) {
    edited[i].name = "edited";
    edited[i].get = get_zero;
  }
  documented[0].ml_doc = Py_GetVersion();
  PyObject* base = PyImport_ImportModule("base");
  if (base == NULL) return -1;
  node_slots[1].pfunc = base;
  late_slots[0].pfunc = (void*)&PyLong_Type;
  PyObject* type = PyType_FromModuleAndSpec(module, &node_spec, NULL);
  PyObject* late = PyType_FromModuleAndSpec(module, &late_spec, NULL);
  return type == NULL || late == NULL ? -1 : PyModule_AddFunctions(module, documented);
}

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "mutable_method_or_getset_table",
                                        .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit_mutable_method_or_getset_table(void) { return PyModuleDef_Init(&definition); }
