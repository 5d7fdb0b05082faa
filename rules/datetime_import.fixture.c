// datetime's C API: in 3.12 isolated interpreters do not have it.
// inspect: datetime-import (advice)
#include <Python.h>
#include <datetime.h>

static int set_up(PyObject* module) {
  (void)module;
  PyDateTime_IMPORT;  // expect: datetime-import (advice)
  return PyDateTimeAPI == NULL ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "datetime_import",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_datetime_import(void) { return PyModuleDef_Init(&definition); }
