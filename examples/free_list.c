/* WRONG: dead objects are kept in a static free list, from which new ones are made.
 *
 * The memory of an object of one interpreter becomes an object of another: from a foreign allocator, through an array
 * and an index that two interpreters change at once, so that two objects can get one address.
 * Mended in free_list_fixed.c. */
#include <Python.h>

typedef struct {
  PyObject_HEAD
  double value;
} Node;

static Node* free_nodes[8];
static int free_count;

static PyObject* node_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  (void)args;
  (void)kwargs;
  Node* node = free_count > 0 ? free_nodes[--free_count] : PyObject_Malloc(sizeof(Node));
  if (node == NULL) return PyErr_NoMemory();
  node->value = 0;
  return PyObject_Init((PyObject*)node, type);
}

static void node_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  if (free_count < 8) {
    free_nodes[free_count++] = (Node*)self;
  } else {
    PyObject_Free(self);
  }
  Py_DECREF(type);
}

static PyType_Slot node_slots[] = {{Py_tp_new, node_new}, {Py_tp_dealloc, node_dealloc}, {0, NULL}};

static PyType_Spec node_spec = {
    .name = "free_list.Node",
    .basicsize = sizeof(Node),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = node_slots,
};

static int set_up(PyObject* module) {
  PyObject* type = PyType_FromModuleAndSpec(module, &node_spec, NULL);
  if (type == NULL) return -1;
  PyObject* root = PyObject_CallNoArgs(type);
  PyObject* trial = root == NULL ? NULL : PyObject_CallNoArgs(type);
  int status = trial == NULL ? -1 : PyModule_AddObjectRef(module, "ROOT", root);
  if (status == 0) status = PyModule_AddType(module, (PyTypeObject*)type);
  Py_XDECREF(trial); /* the first in the list */
  Py_XDECREF(root);
  Py_DECREF(type);
  return status;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "free_list",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_free_list(void) { return PyModuleDef_Init(&definition); }
