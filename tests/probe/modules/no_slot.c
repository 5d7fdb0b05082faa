#include "micro.h"

static PyObject* cache;

static int exec(PyObject* module) {
  (void)module;
  cache = PyList_New(0);
  return cache ? 0 : -1;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, exec}, {0, NULL}};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT, .m_name = "no_slot", .m_slots = slots};
PyMODINIT_FUNC PyInit_no_slot(void) { return PyModuleDef_Init(&definition); }
