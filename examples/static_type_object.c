/* WRONG: the type is a static PyTypeObject.
 *
 * There is one of it in the process: its dictionary, its list of subclasses, its method cache and its flags are shared
 * by all interpreters, and no lock guards them once each interpreter has its own GIL. Making and deleting subclasses
 * at the same time crashes CPython 3.13 to 3.15 within a tenth of a second.
 * Mended in static_type_object_fixed.c. */
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

static PyTypeObject PointType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "static_type_object.Point",
    .tp_basicsize = sizeof(Point),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_methods = point_methods,
    .tp_init = point_init,
    .tp_new = PyType_GenericNew,
};

static int set_up(PyObject* module) { return PyModule_AddType(module, &PointType); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "static_type_object",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_static_type_object(void) { return PyModuleDef_Init(&definition); }
