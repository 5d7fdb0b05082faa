// Dead objects that wait on a static list for the next one who asks.
#include <Python.h>

typedef struct node {
  PyObject_HEAD
  struct node* next;
} NodeObject;

static NodeObject* spare;       // expect: free-list
static PyObject* free_list[8];  // expect: free-list
static int numfree;             // expect: non-object-mutable-static
static NodeObject* last_made;   // expect: global-pyobject-cache

static PyObject* node_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  (void)args;
  (void)kwargs;
  NodeObject* node = spare;
  if (node != NULL) {
    spare = node->next;
    return PyObject_Init((PyObject*)node, type);
  }
  if (numfree > 0) return free_list[--numfree];
  last_made = (NodeObject*)type->tp_alloc(type, 0);
  return (PyObject*)last_made;
}

static void node_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  NodeObject* node = (NodeObject*)self;
  node->next = spare;
  spare = node;
  Py_DECREF(type);
}

static void big_dealloc(PyObject* self) {
  if (numfree < 8) free_list[numfree++] = self;
}

static PyType_Slot node_slots[] = {{Py_tp_new, node_new}, {Py_tp_dealloc, node_dealloc}, {0, NULL}};
static PyType_Spec node_spec = {"free_list.Node", sizeof(NodeObject), 0, Py_TPFLAGS_IMMUTABLETYPE, node_slots};

// expect: static-type-object
static PyTypeObject big_type = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "free_list.Big", .tp_dealloc = big_dealloc};

static int exec(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &node_spec, NULL);
  if (type == NULL || PyType_Ready(&big_type) < 0) return -1;
  return PyModule_AddObject(module, "Node", type);
}

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "free_list", .m_methods = methods,
                                        .m_slots = slots};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_free_list(void) { return PyModuleDef_Init(&definition); }
