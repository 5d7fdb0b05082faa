// A single-phase module that keeps all it has in its dictionary.
// inspect: single-phase-init
// inspect: m-copy-sharing
#include <Python.h>

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "m_copy_sharing",
    .m_size = -1,
};

// expect: single-phase-init, m-copy-sharing
PyMODINIT_FUNC PyInit_m_copy_sharing(void) { return PyModule_Create(&definition); }
