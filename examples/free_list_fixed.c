/* MENDED: the twin of free_list.c.
 *
 * The free list is part of the module's state: memory goes back to the interpreter that it came from, under its GIL.
 * A type finds the state of its module through PyType_GetModuleState. */
#include <Python.h>

typedef struct {
  PyObject_HEAD
  double value;
} Node;

typedef struct {
  Node* nodes[8];
  int count;
} State;

static PyObject* node_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  (void)args;
  (void)kwargs;
  State* state = PyType_GetModuleState(type);
  Node* node = state->count > 0 ? state->nodes[--state->count] : PyObject_Malloc(sizeof(Node));
  if (node == NULL) return PyErr_NoMemory();
  node->value = 0;
  return PyObject_Init((PyObject*)node, type);
}

static void node_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  State* state = PyType_GetModuleState(type);
  if (state->count < 8) {
    state->nodes[state->count++] = (Node*)self;
  } else {
    PyObject_Free(self);
  }
  Py_DECREF(type);
}

static PyType_Slot node_slots[] = {{Py_tp_new, node_new}, {Py_tp_dealloc, node_dealloc}, {0, NULL}};

static PyType_Spec node_spec = {
    .name = "free_list_fixed.Node",
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

static void free_module(void* module) {
  State* state = PyModule_GetState(module);
  while (state->count > 0) PyObject_Free(state->nodes[--state->count]);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "free_list_fixed", .m_size = sizeof(State),
    .m_slots = slots,      .m_free = free_module,
};

PyMODINIT_FUNC PyInit_free_list_fixed(void) { return PyModuleDef_Init(&definition); }
