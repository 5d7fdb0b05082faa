#include "micro.h"

static PyTypeObject thing_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "static_type.Thing",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
};

static int exec(PyObject* module) { return PyModule_AddType(module, &thing_type); }

MICRO_MODULE(static_type, exec)
