/* WRONG: a static variable keeps a string that every call compares with or hands out.
 *
 * The string belongs to the interpreter that came first. Others count its references without a lock, and an interned
 * one is entered in a table that ends with its interpreter. Mended in global_string_fixed.c. */
#include <Python.h>

static PyObject* greeting;

static PyObject* greet(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return Py_NewRef(greeting);
}

static PyMethodDef methods[] = {
    {"greet", greet, METH_NOARGS, "greet(): the greeting"},
    {NULL, NULL, 0, NULL},
};

static int set_up(PyObject* module) {
  if (greeting == NULL) greeting = PyUnicode_InternFromString("good morning, interpreter");
  return greeting == NULL ? -1 : PyModule_AddObjectRef(module, "GREETING", greeting);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "global_string", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_global_string(void) { return PyModuleDef_Init(&definition); }
