// A module that needs another one which isolated interpreters refuse.
#include <Python.h>

static PyMethodDef no_methods[] = {{NULL, NULL, 0, NULL}};

static struct PyModuleDef helper_definition = {PyModuleDef_HEAD_INIT, .m_name = "fixture_helper", .m_size = 0,
                                               .m_methods = no_methods};

PyMODINIT_FUNC PyInit_fixture_helper(void) {  // expect: single-phase-init
  return PyModule_Create(&helper_definition);
}

// Where it is needed alone.
static PyObject* use(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyImport_ImportModule("pkg.fixture_helper");
}

static PyMethodDef methods[] = {{"use", use, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static int exec(PyObject* module) {
  PyObject* helper = PyImport_ImportModule("pkg.fixture_helper");  // expect: transitive-import-in-exec
  if (helper == NULL) return -1;
  Py_DECREF(helper);
  PyObject* math = PyImport_ImportModule("math");
  int status = PyModule_AddObjectRef(module, "math", math);
  Py_XDECREF(math);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "transitive_import_in_exec", .m_size = 0,
                                        .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit_transitive_import_in_exec(void) { return PyModuleDef_Init(&definition); }
