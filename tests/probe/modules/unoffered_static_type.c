// A static type that the module needs and does not offer. Not declared ready.
#include "micro.h"

static PyObject* name(PyObject* self, PyObject* none) {
  (void)none;
  return PyObject_Repr((PyObject*)Py_TYPE(self));
}

static PyMethodDef methods[] = {{"name", name, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyTypeObject point_type = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "unoffered_static_type.Point",
                                  .tp_basicsize = sizeof(PyObject),
                                  .tp_flags = Py_TPFLAGS_DEFAULT,
                                  .tp_doc = "a point",
                                  .tp_methods = methods,
                                  .tp_new = PyType_GenericNew};

static int exec(PyObject* module) {
  (void)module;
  return PyType_Ready(&point_type);
}

MICRO_MODULE_WITH(unoffered_static_type, exec, Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED)
