/* MENDED: the twin of static_type_object.c.
 *
 * A PyType_Spec describes the type; each interpreter makes its own heap type from it when it executes the module. No
 * C code needs the type, so the module's dictionary is where it lives. */
#include <Python.h>

typedef struct {
  PyObject_HEAD
  double x, y;
} Point;

static int point_init(PyObject* self, PyObject* args, PyObject* kwargs) {
  static char* kwlist[] = {"x", "y", NULL};
  Point* point = (Point*)self;
  return PyArg_ParseTupleAndKeywords(args, kwargs, "|dd", kwlist, &point->x, &point->y) ? 0 : -1;
}

static PyObject* point_norm1(PyObject* self, PyObject* unused) {
  (void)unused;
  Point* point = (Point*)self;
  return PyFloat_FromDouble(fabs(point->x) + fabs(point->y));
}

static PyMethodDef point_methods[] = {
    {"norm1", point_norm1, METH_NOARGS, "norm1(): |x| + |y|"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot point_slots[] = {
    {Py_tp_methods, point_methods},
    {Py_tp_init, point_init},
    {0, NULL},
};

static PyType_Spec point_spec = {
    .name = "static_type_object_fixed.Point",
    .basicsize = sizeof(Point),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = point_slots,
};

static int set_up(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &point_spec, NULL);
  if (type == NULL) return -1;
  int status = PyModule_AddType(module, (PyTypeObject*)type);
  Py_DECREF(type);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "static_type_object_fixed",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_static_type_object_fixed(void) { return PyModuleDef_Init(&definition); }
