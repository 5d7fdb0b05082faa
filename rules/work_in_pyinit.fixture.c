// Work that belongs into exec.
#include <Python.h>

static PyObject* remembered;  // expect: global-pyobject-cache

static int set_up(PyObject* module) { return PyModule_AddObjectRef(module, "remembered", remembered); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "work_in_pyinit",
    .m_size = 0,
    .m_slots = slots,
};

static void load_helpers(void) {
  Py_XDECREF(PyImport_ImportModule("functools"));  // expect: work-in-pyinit
}

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_work_in_pyinit(void) {
  if (Py_Version < 0x030c0000) return NULL;
  remembered = PyList_New(0);                        // expect: work-in-pyinit
  Py_XDECREF(PyImport_ImportModule("collections"));  // expect: work-in-pyinit
  load_helpers();
  return PyModuleDef_Init(&definition);
}
