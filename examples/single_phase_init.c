/* WRONG: PyInit_ makes the module object itself (single-phase init).
 *
 * Such a module exists once per process: CPython refuses to load it in an interpreter that has its own GIL, and in an
 * interpreter that shares the GIL it hands out a shallow copy of the first module's dictionary.
 * Mended in multi_phase_init.c. */
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

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "single_phase_init",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_single_phase_init(void) { return PyModule_Create(&definition); }
