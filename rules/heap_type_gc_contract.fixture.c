// What a heap type owes to its type object.
#include <Python.h>

typedef struct {
  PyObject_HEAD
  PyObject* item;
} NodeObject;

static int visits(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(((NodeObject*)self)->item);
  return 0;
}

static int forgets(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(((NodeObject*)self)->item);
  return 0;
}

static int hands_on(PyObject* self, visitproc visit, void* arg) { return visits(self, visit, arg); }

static void releases(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_CLEAR(((NodeObject*)self)->item);
  type->tp_free(self);
  Py_DECREF(type);
}

static void keeps(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Py_CLEAR(((NodeObject*)self)->item);
  Py_TYPE(self)->tp_free(self);
}

#define FLAGS Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE

static PyType_Slot good_slots[] = {{Py_tp_traverse, visits}, {Py_tp_dealloc, releases}, {0, NULL}};
static PyType_Slot helped_slots[] = {{Py_tp_traverse, hands_on}, {Py_tp_dealloc, releases}, {0, NULL}};
static PyType_Slot unseen_slots[] = {{Py_tp_traverse, forgets}, {Py_tp_dealloc, releases}, {0, NULL}};
static PyType_Slot leaking_slots[] = {{Py_tp_traverse, visits}, {Py_tp_dealloc, keeps}, {0, NULL}};

static PyType_Spec good = {"demo.Good", sizeof(NodeObject), 0, FLAGS, good_slots};
static PyType_Spec helped = {"demo.Helped", sizeof(NodeObject), 0, FLAGS, helped_slots};
// expect: heap-type-gc-contract (advice)
static PyType_Spec unseen = {"demo.Unseen", sizeof(NodeObject), 0, FLAGS, unseen_slots};
// expect: heap-type-gc-contract (advice)
static PyType_Spec leaking = {"demo.Leaking", sizeof(NodeObject), 0, FLAGS, leaking_slots};

static int exec(PyObject* module) {
  PyType_Spec* specs[] = {&good, &helped, &unseen, &leaking};
  for (int i = 0; i < 4; ++i) {
    PyObject* type = PyType_FromModuleAndSpec(module, specs[i], NULL);
    if (type == NULL || PyModule_AddObject(module, specs[i]->name, type) < 0) return -1;
  }
  return 0;
}

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "heap_type_gc_contract", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_heap_type_gc_contract(void) { return PyModuleDef_Init(&definition); }
