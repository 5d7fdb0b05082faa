/* WRONG: a static variable keeps the module's exception class.
 *
 * Each import replaces it. The interpreters that imported earlier then raise the class of another interpreter, so that
 * `except global_exception.ParseError` no longer matches, without any race; concurrent imports crash.
 * Mended in global_exception_fixed.c. */
#include <Python.h>

static PyObject* ParseError;

static PyObject* parse_digit(PyObject* module, PyObject* args) {
  (void)module;
  int character;
  if (!PyArg_ParseTuple(args, "C", &character)) return NULL;
  if (character < '0' || character > '9') {
    PyErr_SetString(ParseError, "not a digit");
    return NULL;
  }
  return PyLong_FromLong(character - '0');
}

static PyMethodDef methods[] = {
    {"parse_digit", parse_digit, METH_VARARGS, "parse_digit(character): its value"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  ParseError = PyErr_NewException("global_exception.ParseError", PyExc_ValueError, NULL);
  return PyModule_AddObjectRef(module, "ParseError", ParseError);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_exception", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_exception(void) { return PyModuleDef_Init(&definition); }
