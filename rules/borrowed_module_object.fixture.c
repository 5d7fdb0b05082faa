// Modules, and what belongs to modules, of the interpreter that came last.
#include <Python.h>

static PyObject* json;      // expect: borrowed-module-object
static PyObject* builtins;  // expect: borrowed-module-object
static PyObject* path;      // expect: borrowed-module-object
static PyObject* loads;     // expect: global-pyobject-cache

static int exec(PyObject* module) {
  (void)module;
  json = PyImport_ImportModule("json");
  if (json == NULL) return -1;
  builtins = PyEval_GetBuiltins();
  path = PySys_GetObject("path");
  loads = PyObject_GetAttrString(json, "loads");
  return loads == NULL ? -1 : 0;
}

static PyObject* load(PyObject* self, PyObject* text) {
  (void)self;
  // Imported where it is needed.
  PyObject* decimal = PyImport_ImportModule("decimal");
  Py_XDECREF(decimal);
  return PyDict_Size(builtins) > 0 && path != NULL ? PyObject_CallOneArg(loads, text) : NULL;
}

static PyMethodDef methods[] = {{"load", load, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "borrowed_module_object", .m_methods = methods,
                                        .m_slots = slots};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_borrowed_module_object(void) { return PyModuleDef_Init(&definition); }
