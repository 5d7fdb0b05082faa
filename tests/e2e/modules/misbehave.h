// The frame of a module that does something bad when it is executed. It declares own-GIL support and is clean
// otherwise. Include it, then define misbehave().
#include <Python.h>

static int misbehave(PyObject* module);

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, misbehave},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = TEXT(MODULE),
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC JOIN(PyInit_, MODULE)(void) { return PyModuleDef_Init(&definition); }
