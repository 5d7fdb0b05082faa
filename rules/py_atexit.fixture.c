// A function that runs when the process ends.
// inspect: py-atexit (advice)
#include <Python.h>

static void release(void) {}

static int set_up(PyObject* module) {
  (void)module;
  return Py_AtExit(release);  // expect: py-atexit (advice)
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "py_atexit",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_py_atexit(void) { return PyModuleDef_Init(&definition); }
