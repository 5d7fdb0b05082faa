// A struct sequence in a static type, beside one in a heap type.
// inspect: static-struct-sequence
// inspect: static-type-object
// inspect: slot-per-interpreter-gil-with-state
// inspect: m-size-zero-with-globals (advice)
#include <Python.h>

static PyTypeObject Point_Type;  // expect: static-type-object

static PyStructSequence_Field fields[] = {{"x", NULL}, {"y", NULL}, {NULL, NULL}};
static PyStructSequence_Desc description = {"static_struct_sequence.Point", NULL, fields, 2};

static int set_up(PyObject* module) {
  if (PyStructSequence_InitType2(&Point_Type, &description) < 0) return -1;  // expect: static-struct-sequence
  PyTypeObject* heap = PyStructSequence_NewType(&description);
  if (heap == NULL) return -1;
  int failed = PyModule_AddType(module, heap);
  Py_DECREF(heap);
  return failed;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "static_struct_sequence",
    .m_size = 0,
    .m_slots = slots,
};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_static_struct_sequence(void) { return PyModuleDef_Init(&definition); }
