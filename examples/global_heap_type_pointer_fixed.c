/* MENDED: the twin of global_heap_type_pointer.c.
 *
 * The pointer lives in the module's state, of which each interpreter has one; origin() gets it from its own module. */
#include <Python.h>

typedef struct {
  PyObject_HEAD
  double x, y;
} Point;

typedef struct {
  PyTypeObject* point_type;
} State;

static PyType_Slot point_slots[] = {{Py_tp_doc, "A point."}, {0, NULL}};

static PyType_Spec point_spec = {
    .name = "global_heap_type_pointer_fixed.Point",
    .basicsize = sizeof(Point),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = point_slots,
};

static PyObject* origin(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  return PyType_GenericAlloc(state->point_type, 0);
}

static PyMethodDef methods[] = {
    {"origin", origin, METH_NOARGS, "origin(): a new Point at (0, 0)"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->point_type = (PyTypeObject*)PyType_FromModuleAndSpec(module, &point_spec, NULL);
  if (state->point_type == NULL) return -1;
  return PyModule_AddType(module, state->point_type);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->point_type);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->point_type);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "global_heap_type_pointer_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_global_heap_type_pointer_fixed(void) { return PyModuleDef_Init(&definition); }
