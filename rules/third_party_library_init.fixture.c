// A library that is set up once more by each interpreter. Its header is not installed everywhere, so only the
// compiled module shows it.
// inspect: third-party-library-init
// inspect: third-party-library-init
#include <Python.h>

void xmlInitParser(void);
void xmlCleanupParser(void);

static int set_up(PyObject* module) {
  (void)module;
  xmlInitParser();
  return 0;
}

static void tear_down(void* module) {
  (void)module;
  xmlCleanupParser();
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "third_party_library_init", .m_size = 0, .m_free = tear_down, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_third_party_library_init(void) { return PyModuleDef_Init(&definition); }
