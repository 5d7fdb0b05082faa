/* MENDED: the twin of module_pointer_in_static.c.
 *
 * METH_METHOD hands the method the class that defines it, and that class knows the module that made it: the one of this
 * interpreter. */
#include <Python.h>

static PyObject* greeter_greet(PyObject* self, PyTypeObject* defining_class, PyObject* const* args, Py_ssize_t count,
                               PyObject* keywords) {
  (void)self;
  (void)args;
  if (count != 0 || keywords != NULL) return PyErr_Format(PyExc_TypeError, "greet() takes no arguments");
  PyObject* module = PyType_GetModule(defining_class);
  return module == NULL ? NULL : PyObject_GetAttrString(module, "GREETING");
}

static PyMethodDef greeter_methods[] = {
    {"greet", (PyCFunction)(void (*)(void))greeter_greet, METH_METHOD | METH_FASTCALL | METH_KEYWORDS,
     "greet(): the module's GREETING"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot greeter_slots[] = {{Py_tp_methods, greeter_methods}, {0, NULL}};

static PyType_Spec greeter_spec = {
    .name = "module_pointer_in_static_fixed.Greeter",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = greeter_slots,
};

static int set_up(PyObject* module) {
  if (PyModule_AddStringConstant(module, "GREETING", "good morning") < 0) return -1;
  PyObject* type = PyType_FromModuleAndSpec(module, &greeter_spec, NULL);
  if (type == NULL) return -1;
  int status = PyModule_AddType(module, (PyTypeObject*)type);
  Py_DECREF(type);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "module_pointer_in_static_fixed",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_module_pointer_in_static_fixed(void) { return PyModuleDef_Init(&definition); }
