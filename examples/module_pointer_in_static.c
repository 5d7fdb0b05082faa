/* WRONG: the module object itself is kept in a static variable, for methods that need something of their module.
 *
 * The variable holds the module of the interpreter that imported last; greet() of all the others reads that one's
 * attributes, and whatever it hands out belongs to a foreign interpreter.
 * Mended in module_pointer_in_static_fixed.c. */
#include <Python.h>

static PyObject* this_module;

static PyObject* greeter_greet(PyObject* self, PyObject* unused) {
  (void)self;
  (void)unused;
  return PyObject_GetAttrString(this_module, "GREETING");
}

static PyMethodDef greeter_methods[] = {
    {"greet", greeter_greet, METH_NOARGS, "greet(): the module's GREETING"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot greeter_slots[] = {{Py_tp_methods, greeter_methods}, {0, NULL}};

static PyType_Spec greeter_spec = {
    .name = "module_pointer_in_static.Greeter",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = greeter_slots,
};

static int set_up(PyObject* module) {
  this_module = module;
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
    .m_name = "module_pointer_in_static",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_module_pointer_in_static(void) { return PyModuleDef_Init(&definition); }
