/* Needs a module of plain Python that lies somewhere else on the search path. */
#include <Python.h>

static int set_up(PyObject* module) {
  PyObject* helper = PyImport_ImportModule("isoaudit_helper");
  PyObject* answer = helper == NULL ? NULL : PyObject_GetAttrString(helper, "ANSWER");
  int status = answer == NULL ? -1 : PyModule_AddObjectRef(module, "ANSWER", answer);
  Py_XDECREF(answer);
  Py_XDECREF(helper);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "imports_helper",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_imports_helper(void) { return PyModuleDef_Init(&definition); }
