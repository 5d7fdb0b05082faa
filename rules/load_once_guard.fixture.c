// A module that one interpreter may load, by its own check.
// inspect: load-once-guard
#include <Python.h>
#include <stdatomic.h>

static atomic_int loaded;

static int exec(PyObject* module) {
  if (atomic_exchange(&loaded, 1)) {
    // expect: load-once-guard
    PyErr_SetString(PyExc_ImportError, "cannot load module more than once per process");
    return -1;
  }
  if (PyModule_AddIntConstant(module, "answer", 42) < 0) return -1;
  PyErr_SetString(PyExc_ImportError, "the library is too old");
  PyErr_Clear();
  return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "load_once_guard", .m_size = 0,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_load_once_guard(void) { return PyModuleDef_Init(&definition); }
