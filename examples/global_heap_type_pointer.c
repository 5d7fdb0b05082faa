/* WRONG: the type is a heap type, but a static variable keeps the pointer to it.
 *
 * Each interpreter makes a type of its own; the variable keeps the one of the interpreter that imported last. From then
 * on origin() of every other interpreter returns an instance of a foreign type: isinstance() fails, and objects cross
 * from one interpreter's memory into another's.
 * Mended in global_heap_type_pointer_fixed.c. */
#include <Python.h>

typedef struct {
  PyObject_HEAD
  double x, y;
} Point;

static PyTypeObject* point_type;

static PyType_Slot point_slots[] = {{Py_tp_doc, "A point."}, {0, NULL}};

static PyType_Spec point_spec = {
    .name = "global_heap_type_pointer.Point",
    .basicsize = sizeof(Point),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = point_slots,
};

static PyObject* origin(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyType_GenericAlloc(point_type, 0);
}

static PyMethodDef methods[] = {
    {"origin", origin, METH_NOARGS, "origin(): a new Point at (0, 0)"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  point_type = (PyTypeObject*)PyType_FromModuleAndSpec(module, &point_spec, NULL);
  if (point_type == NULL) return -1;
  return PyModule_AddType(module, point_type);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_heap_type_pointer", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_heap_type_pointer(void) { return PyModuleDef_Init(&definition); }
