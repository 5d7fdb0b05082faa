// Type objects with static storage, wherever they hide, beside declarations and pointers that define none.
#include <Python.h>

typedef struct {
  PyObject_HEAD
  int value;
} Spam;

// expect: static-type-object
static PyTypeObject SpamType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "static_type_object.Spam",
    .tp_basicsize = sizeof(Spam),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
};

// Readied through SpamType only, or never: shared all the same.
PyTypeObject EggsType = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "Eggs"};  // expect: static-type-object

static PyTypeObject SizeType;  // expect: static-type-object

// expect: static-type-object
static PyTypeObject family[2] = {
    {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "static_type_object.A"},
    {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "static_type_object.B"},
};

struct Described {
  const char* doc;
  PyTypeObject type;
};
// expect: static-type-object
static struct Described described = {"a type", {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "static_type_object.C"}};

// Harmless: declarations, pointers to builtin types, specs.
extern PyTypeObject ElsewhereType;
static PyTypeObject* const base = &PyLong_Type;
static PyTypeObject* bases[] = {&PyLong_Type, &PyList_Type};
static PyStructSequence_Field size_fields[] = {{"width", NULL}, {"height", NULL}, {NULL, NULL}};
static PyStructSequence_Desc size_description = {"static_type_object.Size", NULL, size_fields, 2};
static PyType_Slot heap_slots[] = {{Py_tp_doc, "A heap type."}, {0, NULL}};
// expect: mutable-heap-type (advice)
static PyType_Spec heap_spec = {"static_type_object.Heap", sizeof(Spam), 0, Py_TPFLAGS_DEFAULT, heap_slots};
static PyNumberMethods number_methods;
static PyGetSetDef getset[] = {{NULL, NULL, NULL, NULL, NULL}};

static PyObject* is_integer(PyObject* module, PyObject* object) {
  (void)module;
  return PyBool_FromLong(PyObject_TypeCheck(object, base) || PyObject_TypeCheck(object, bases[0]));
}

static PyMethodDef methods[] = {{"is_integer", is_integer, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static int set_up(PyObject* module) {
  static PyTypeObject LocalType = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "L"};  // expect: static-type-object
  SpamType.tp_as_number = &number_methods;
  SpamType.tp_getset = getset;
  if (PyType_Ready(&SpamType) < 0 || PyType_Ready(&LocalType) < 0 || PyType_Ready(&family[0]) < 0) return -1;
  if (PyType_Ready(&described.type) < 0) return -1;
  // expect: static-struct-sequence
  if (PyStructSequence_InitType2(&SizeType, &size_description) < 0) return -1;
  PyObject* heap_type = PyType_FromModuleAndSpec(module, &heap_spec, NULL);
  int status = PyModule_AddObjectRef(module, "Heap", heap_type);
  Py_XDECREF(heap_type);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "static_type_object", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_static_type_object(void) { return PyModuleDef_Init(&definition); }
