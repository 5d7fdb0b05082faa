// One OS thread can run several interpreters in turn: thread-local is not interpreter-local.
#include <Python.h>

static _Thread_local PyObject* pending;  // expect: thread-local-pyobject
static _Thread_local int depth;

struct frame {
  PyObject* running;
};
static _Thread_local struct frame* top;  // expect: thread-local-pyobject

static PyObject* push(PyObject* self, PyObject* item) {
  (void)self;
  ++depth;
  if (top == NULL) top = PyMem_RawCalloc(1, sizeof *top);
  Py_XSETREF(pending, Py_NewRef(item));
  return PyLong_FromLong(depth);
}

static PyMethodDef methods[] = {{"push", push, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "thread_local_pyobject", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_thread_local_pyobject(void) { return PyModuleDef_Init(&definition); }
