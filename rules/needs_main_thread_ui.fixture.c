// A prompt. Its declaration is the fixture's own, and so no use of a library: the compiled module tells.
// inspect: needs-main-thread-ui (advice)
#include <Python.h>
char* readline(const char* prompt);

static PyObject* call(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  char* line = readline("> ");
  free(line);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"call", call, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "needs_main_thread_ui", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_needs_main_thread_ui(void) { return PyModuleDef_Init(&definition); }
