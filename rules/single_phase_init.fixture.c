// Hooks that make the module object themselves, directly or through a helper, beside hooks that only look like them.
#include <Python.h>

static PyObject* answer(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyLong_FromLong(42);
}

static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "the answer"}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef direct_definition = {PyModuleDef_HEAD_INIT, .m_name = "direct", .m_size = -1,
                                               .m_methods = methods};

// expect: single-phase-init, m-copy-sharing
PyMODINIT_FUNC PyInit_direct(void) { return PyModule_Create(&direct_definition); }

static struct PyModuleDef stored_definition = {PyModuleDef_HEAD_INIT, .m_name = "stored", .m_size = 0,
                                               .m_methods = methods};

PyMODINIT_FUNC PyInit_stored(void) {  // expect: single-phase-init
  PyObject* module = PyModule_Create(&stored_definition);
  if (module == NULL) return NULL;
  if (PyModule_AddIntConstant(module, "LIMIT", 3) < 0) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}

static struct PyModuleDef helped_definition = {PyModuleDef_HEAD_INIT, .m_name = "helped", .m_size = -1,
                                               .m_methods = methods};

static PyObject* make_helped(void) { return PyModule_Create(&helped_definition); }

// expect: single-phase-init, m-copy-sharing
PyMODINIT_FUNC PyInit_helped(void) { return make_helped(); }

PyMODINIT_FUNC PyInit_relay(void) { return PyInit_direct(); }  // expect: single-phase-init

// A sub-module is made with PyModule_Create by an exec function: the module itself is multi-phase.
static struct PyModuleDef child_definition = {PyModuleDef_HEAD_INIT, .m_name = "parent.child", .m_size = 0};

static int parent_exec(PyObject* module) {
  PyObject* child = PyModule_Create(&child_definition);
  int status = PyModule_AddObjectRef(module, "child", child);
  Py_XDECREF(child);
  return status;
}

static PyModuleDef_Slot parent_slots[] = {
    {Py_mod_exec, parent_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef parent_definition = {PyModuleDef_HEAD_INIT, .m_name = "parent", .m_size = 0,
                                               .m_slots = parent_slots};

static PyObject* define(struct PyModuleDef* definition) { return PyModuleDef_Init(definition); }

PyMODINIT_FUNC PyInit_parent(void) {
#if PY_VERSION_HEX < 0x03050000
  return PyModule_Create(&parent_definition);
#else
  return define(&parent_definition);
#endif
}

// No hooks: a decoy prefix, and a function that no import looks for.
PyObject* PyModInit_decoy(void) { return PyModule_Create(&child_definition); }
PyObject* make_child(void) { return PyModule_Create(&child_definition); }
