/* Keeps what a call gives it in a static variable: only who calls it sees that. */
#include <Python.h>

static PyObject* kept;

static PyObject* keep(PyObject* module, PyObject* object) {
  (void)module;
  (void)object;
  kept = PyList_New(0);
  if (kept == NULL) return NULL;
  Py_RETURN_NONE;
}

static PyObject* last(PyObject* module, PyObject* nothing) {
  (void)module;
  (void)nothing;
  return Py_NewRef(kept == NULL ? Py_None : kept);
}

static PyMethodDef methods[] = {{"keep", keep, METH_O, NULL}, {"last", last, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "keeps", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_keeps(void) { return PyModuleDef_Init(&definition); }
