// Globals that keep a heap type, beside pointers to builtin types and pointers in module state.
#include <Python.h>

typedef struct {
  PyTypeObject* type;
} State;

static PyTypeObject* spam_type;         // expect: global-heap-type-pointer
static PyObject* eggs_type;             // expect: global-heap-type-pointer
PyTypeObject* exported_type;            // expect: global-heap-type-pointer
static PyTypeObject* size_type;         // expect: global-heap-type-pointer
static PyTypeObject* several_types[2];  // expect: global-heap-type-pointer

// Harmless: builtin types are one for all interpreters, by design.
static PyTypeObject* const number_type = &PyLong_Type;
static PyTypeObject* text_type = &PyUnicode_Type;
static PyTypeObject* chosen_type;
extern PyTypeObject* elsewhere_type;

static PyType_Slot type_slots[] = {{Py_tp_doc, "A type."}, {0, NULL}};
// expect: mutable-heap-type (advice)
static PyType_Spec spec = {"global_heap_type_pointer.Spam", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, type_slots};
static PyStructSequence_Field fields[] = {{"width", NULL}, {NULL, NULL}};
static PyStructSequence_Desc description = {"global_heap_type_pointer.Size", NULL, fields, 1};

static PyObject* check(PyObject* module, PyObject* object) {
  State* state = PyModule_GetState(module);
  if (Py_TYPE(object) == spam_type || Py_TYPE(object) == several_types[0]) Py_RETURN_TRUE;
  if (Py_TYPE(object) == number_type || Py_TYPE(object) == text_type) Py_RETURN_TRUE;
  return PyBool_FromLong(Py_TYPE(object) == state->type || Py_TYPE(object) == chosen_type);
}

static PyMethodDef methods[] = {{"check", check, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->type = (PyTypeObject*)PyType_FromModuleAndSpec(module, &spec, NULL);
  spam_type = (PyTypeObject*)PyType_FromSpec(&spec);
  eggs_type = PyType_FromModuleAndSpec(module, &spec, NULL);
  exported_type = (PyTypeObject*)PyType_FromModuleAndSpec(module, &spec, (PyObject*)&PyBaseObject_Type);
  size_type = PyStructSequence_NewType(&description);
  several_types[0] = spam_type;
  chosen_type = &PyFloat_Type;
  PyTypeObject* local = (PyTypeObject*)PyType_FromSpec(&spec);
  Py_XDECREF(local);
  return size_type == NULL ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state, module-state-without-gc-hooks (advice)
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_heap_type_pointer", .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_heap_type_pointer(void) { return PyModuleDef_Init(&definition); }
