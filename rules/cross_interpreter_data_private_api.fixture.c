// Private functions behind the passing of data, which no public header of 3.14 declares.
// inspect: cross-interpreter-data-private-api (advice)
#include <Python.h>

extern int _PyObject_CheckCrossInterpreterData(PyObject*);

static PyObject* can_be_sent(PyObject* module, PyObject* object) {
  (void)module;
  return PyBool_FromLong(_PyObject_CheckCrossInterpreterData(object) == 0);
}

static PyMethodDef methods[] = {
    {"can_be_sent", can_be_sent, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "cross_interpreter_data_private_api", .m_size = 0, .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_cross_interpreter_data_private_api(void) { return PyModuleDef_Init(&definition); }
