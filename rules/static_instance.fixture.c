// Python objects that are themselves static variables.
#include <Python.h>

typedef struct {
  PyObject_HEAD
  long value;
} CellObject;

static CellObject origin = {PyObject_HEAD_INIT(NULL) 0};  // expect: static-instance

// A definition is an object by its head, yet constant by convention.
static struct PyModuleDef definition;

static PyObject* get(PyObject* self, PyObject* args) {
  (void)self;
  (void)args;
  return PyLong_FromLong(origin.value);
}

static PyMethodDef methods[] = {{"get", get, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "static_instance", .m_methods = methods,
                                        .m_slots = slots};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_static_instance(void) { return PyModuleDef_Init(&definition); }
