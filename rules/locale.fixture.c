// The locale of the process, changed for a moment.
// inspect: locale
// inspect: locale (advice)
#include <Python.h>
#include <langinfo.h>
#include <locale.h>

static PyObject* parse(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  setlocale(LC_NUMERIC, "C");  // expect: locale
  Py_RETURN_NONE;
}

static PyObject* radix(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyUnicode_FromString(nl_langinfo(RADIXCHAR));  // expect: locale (advice)
}

static PyMethodDef methods[] = {
    {"parse", parse, METH_NOARGS, NULL},
    {"radix", radix, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "locale", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_locale(void) { return PyModuleDef_Init(&definition); }
