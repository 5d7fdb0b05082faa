/* WRONG: the module declares support and then remembers the first interpreter, and refuses every other.
 *
 * Cython puts such a guard into what it generates without module state.
 * Mended in one_interpreter_guard_fixed.c. */
#include <Python.h>

static int64_t first_interpreter = -1;

static PyObject* twice(PyObject* module, PyObject* number) {
  (void)module;
  return PyNumber_Add(number, number);
}

static PyMethodDef methods[] = {
    {"twice", twice, METH_O, "twice(x): x and x"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  const int64_t current = PyInterpreterState_GetID(PyInterpreterState_Get());
  if (first_interpreter == -1) {
    first_interpreter = current;
  } else if (first_interpreter != current) {
    PyErr_SetString(PyExc_ImportError,
                    "Interpreter change detected - this module can only be loaded into one interpreter per process.");
    return -1;
  }
  return PyModule_AddIntConstant(module, "LIMIT", 1000);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "one_interpreter_guard", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_one_interpreter_guard(void) { return PyModuleDef_Init(&definition); }
