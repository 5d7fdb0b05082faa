// A size that only single-phase init allows.
// inspect: negative-m-size-with-slots
#include <Python.h>

static int set_up(PyObject* module) { return PyModule_AddIntConstant(module, "LIMIT", 3); }

static PyModuleDef_Slot slots[] = {{Py_mod_exec, set_up}, {0, NULL}};

// expect: negative-m-size-with-slots
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "negative_m_size_with_slots",
    .m_size = -1,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_negative_m_size_with_slots(void) { return PyModuleDef_Init(&definition); }
