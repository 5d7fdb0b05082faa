/* MENDED: the twin of thread_local_list.c.
 *
 * The list lives in the module's state, one for each interpreter. Where each thread needs one of its own, a dict in
 * the state with the thread's id as its key does it, or a contextvars.ContextVar. */
#include <Python.h>

typedef struct {
  PyObject* recent;
} State;

static PyObject* remember(PyObject* module, PyObject* item) {
  State* state = PyModule_GetState(module);
  if (PyList_Append(state->recent, item) < 0) return NULL;
  return PyLong_FromSsize_t(PyList_Size(state->recent));
}

static PyMethodDef methods[] = {
    {"remember", remember, METH_O, "remember(item): how many items have been remembered"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  State* state = PyModule_GetState(module);
  state->recent = PyList_New(0);
  return PyModule_AddObjectRef(module, "recent", state->recent);
}

static int traverse(PyObject* module, visitproc visit, void* arg) {
  State* state = PyModule_GetState(module);
  Py_VISIT(state->recent);
  return 0;
}

static int clear(PyObject* module) {
  State* state = PyModule_GetState(module);
  Py_CLEAR(state->recent);
  return 0;
}

static void free_module(void* module) { clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,   .m_name = "thread_local_list_fixed",
    .m_size = sizeof(State), .m_methods = methods,
    .m_slots = slots,        .m_traverse = traverse,
    .m_clear = clear,        .m_free = free_module,
};

PyMODINIT_FUNC PyInit_thread_local_list_fixed(void) { return PyModuleDef_Init(&definition); }
