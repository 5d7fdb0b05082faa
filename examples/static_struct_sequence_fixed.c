/* MENDED: the twin of static_struct_sequence.c.
 *
 * PyStructSequence_NewType makes a heap type from the same description, one for each interpreter, kept in the module's
 * state. */
#include <Python.h>

typedef struct {
  PyTypeObject* size_type;
} State;

static PyStructSequence_Field size_fields[] = {
    {"width", "columns"},
    {"height", "rows"},
    {NULL, NULL},
};

static PyStructSequence_Desc size_description = {
    .name = "static_struct_sequence_fixed.Size",
    .doc = "A size in characters.",
    .fields = size_fields,
    .n_in_sequence = 2,
};

static PyObject* get_size(PyObject* module, PyObject* unused) {
  (void)unused;
  State* state = PyModule_GetState(module);
  PyObject* size = PyStructSequence_New(state->size_type);
  if (size == NULL) return NULL;
  PyStructSequence_SetItem(size, 0, PyLong_FromLong(80));
  PyStructSequence_SetItem(size, 1, PyLong_FromLong(24));
  return size;
}

static PyMethodDef methods[] = {
    {"get_size", get_size, METH_NOARGS, "get_size(): a Size"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->size_type = PyStructSequence_NewType(&size_description);
  return PyModule_AddObjectRef(module, "Size", (PyObject*)state->size_type);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->size_type);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->size_type);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "static_struct_sequence_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_static_struct_sequence_fixed(void) { return PyModuleDef_Init(&definition); }
