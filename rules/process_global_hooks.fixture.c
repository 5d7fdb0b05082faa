// Hooks of the process, set by whoever imports the module.
// inspect: process-global-hooks
// inspect: process-global-hooks
// inspect: process-global-hooks
#include <Python.h>

static int tick(void) { return 0; }

static int audit(const char* event, PyObject* args, void* data) {
  (void)event;
  (void)args;
  (void)data;
  return 0;
}

static int has_hook(void) { return PyOS_InputHook != NULL && PyOS_InputHook() == 0; }

static int later(void* data) {
  (void)data;
  return 0;
}

static int set_up(PyObject* module) {
  (void)module;
  if (has_hook()) return 0;
  PyOS_InputHook = tick;                               // expect: process-global-hooks
  if (PySys_AddAuditHook(audit, NULL) < 0) return -1;  // expect: process-global-hooks
  return Py_AddPendingCall(later, NULL);               // expect: process-global-hooks
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, set_up},
    // expect: slot-per-interpreter-gil-with-state
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "process_global_hooks",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_process_global_hooks(void) { return PyModuleDef_Init(&definition); }
