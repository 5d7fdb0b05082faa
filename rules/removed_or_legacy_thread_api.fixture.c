// Functions from the time of one interpreter; what 3.13 removed does not compile any more.
// inspect: removed-or-legacy-thread-api (advice)
#include <Python.h>
#include <pythread.h>

static int set_up(PyObject* module) {
  (void)module;
  return PyThread_create_key();  // expect: removed-or-legacy-thread-api (advice)
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "removed_or_legacy_thread_api",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_removed_or_legacy_thread_api(void) { return PyModuleDef_Init(&definition); }
