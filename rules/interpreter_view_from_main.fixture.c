// A view of the main interpreter (3.15), declared here so that older headers will do.
// inspect: interpreter-view-from-main
#include <Python.h>

typedef struct view View;
extern View* PyInterpreterView_FromMain(void);
extern View* PyInterpreterView_FromCurrent(void);

static PyObject* both(PyObject* module, PyObject* unused) {
  (void)module;
  (void)unused;
  return PyBool_FromLong(PyInterpreterView_FromMain() != PyInterpreterView_FromCurrent());
}

static PyMethodDef methods[] = {
    {"both", both, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "interpreter_view_from_main", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_interpreter_view_from_main(void) { return PyModuleDef_Init(&definition); }
