/* MENDED: the twin of single_phase_init.c.
 *
 * PyInit_ only hands the definition to the import system (multi-phase init, PEP 489), which makes a fresh module for
 * each interpreter. Nothing here is shared, so the module may declare support for a GIL of its own. */
#include <Python.h>

static PyObject* add(PyObject* module, PyObject* args) {
  (void)module;
  long a, b;
  if (!PyArg_ParseTuple(args, "ll", &a, &b)) return NULL;
  return PyLong_FromLong(a + b);
}

static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "add(a, b): the sum of two integers"},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "multi_phase_init", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_multi_phase_init(void) { return PyModuleDef_Init(&definition); }
