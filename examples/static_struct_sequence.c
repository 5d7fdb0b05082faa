/* WRONG: the struct sequence (a named tuple made in C) is a static type, filled once.
 *
 * All interpreters share the type as they share any static PyTypeObject, and the test "was it filled?" races:
 * concurrent imports end with "SystemError: Objects/structseq.c: bad argument to internal function", or crash. Mended
 * in static_struct_sequence_fixed.c. */
#include <Python.h>

static PyStructSequence_Field size_fields[] = {
    {"width", "columns"},
    {"height", "rows"},
    {NULL, NULL},
};

static PyStructSequence_Desc size_description = {
    .name = "static_struct_sequence.Size",
    .doc = "A size in characters.",
    .fields = size_fields,
    .n_in_sequence = 2,
};

static PyTypeObject SizeType;

static PyObject* get_size(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  PyObject* size = PyStructSequence_New(&SizeType);
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
  if (SizeType.tp_name == NULL && PyStructSequence_InitType2(&SizeType, &size_description) < 0) return -1;
  return PyModule_AddObjectRef(module, "Size", (PyObject*)&SizeType);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "static_struct_sequence", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_static_struct_sequence(void) { return PyModuleDef_Init(&definition); }
