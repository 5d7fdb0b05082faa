// A thread state that is saved in a static is the next interpreter's to overwrite.
#include <Python.h>

static PyThreadState* saved;       // expect: stored-thread-or-interpreter-state
static PyInterpreterState* owner;  // expect: stored-thread-or-interpreter-state

static PyObject* leave(PyObject* self, PyObject* args) {
  (void)self;
  (void)args;
  owner = PyInterpreterState_Get();
  saved = PyEval_SaveThread();
  PyEval_RestoreThread(saved);
  // What stays on the stack is this call's own.
  PyThreadState* mine = PyEval_SaveThread();
  PyEval_RestoreThread(mine);
  return Py_NewRef(owner == PyInterpreterState_Get() ? Py_True : Py_False);
}

static PyMethodDef methods[] = {{"leave", leave, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "stored_thread_or_interpreter_state",
                                        .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit_stored_thread_or_interpreter_state(void) { return PyModuleDef_Init(&definition); }
