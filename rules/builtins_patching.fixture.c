// Changes of one interpreter's sys and builtins behind a flag that is one for the process.
#include <Python.h>

static int done;  // expect: non-object-mutable-static (advice)

static int patch_once(void) {
  if (done) return 0;
  done = 1;
  return PySys_SetObject("flag", Py_True);  // expect: builtins-patching (advice)
}

// Harmless: in every interpreter.
static int exec(PyObject* module) {
  PyObject* builtins = PyEval_GetBuiltins();
  if (builtins == NULL || patch_once() < 0) return -1;
  return PyDict_SetItemString(builtins, "demo", module);
}

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "builtins_patching", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_builtins_patching(void) { return PyModuleDef_Init(&definition); }
