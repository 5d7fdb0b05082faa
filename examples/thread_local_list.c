/* WRONG: a list is kept in a thread-local variable, as if a thread were an interpreter.
 *
 * One thread can run several interpreters, one after the other: the second finds the first one's list, whose memory
 * ended with its interpreter. Thread-local numbers and buffers would be fine; objects are not.
 * Mended in thread_local_list_fixed.c. */
#include <Python.h>

static _Thread_local PyObject* recent;

static PyObject* remember(PyObject* module, PyObject* item) {
  (void)module;
  if (recent == NULL && (recent = PyList_New(0)) == NULL) return NULL;
  if (PyList_Append(recent, item) < 0) return NULL;
  return PyLong_FromSsize_t(PyList_Size(recent));
}

static PyMethodDef methods[] = {
    {"remember", remember, METH_O, "remember(item): how many items this thread has remembered"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  if (recent == NULL) recent = PyList_New(0);
  return PyModule_AddObjectRef(module, "recent", recent);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "thread_local_list", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_thread_local_list(void) { return PyModuleDef_Init(&definition); }
