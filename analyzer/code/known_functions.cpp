#include "analyzer/code/known_functions.h"

namespace isoaudit::analyzer {

bool makes_a_module(std::string_view name) {
  return name == "PyModule_Create2" || name == "PyModule_FromDefAndSpec2" || name == "PyModule_FromSlotsAndSpec" ||
         name == "PyModule_New" || name == "PyModule_NewObject" || name == "PyState_FindModule";
}

bool matters(std::string_view name) { return name == "PyModuleDef_Init" || makes_a_module(name); }

bool never_returns(std::string_view name) {
  return name == "abort" || name == "__stack_chk_fail" || name == "_Unwind_Resume" || name == "__cxa_throw" ||
         name == "__cxa_rethrow" || name == "_ZSt9terminatev" || name == "exit" || name == "_exit" ||
         name == "Py_FatalError" || name == "_Py_FatalErrorFunc" || name == "__assert_fail" ||
         name == "__cxa_call_unexpected" || (name.starts_with("_ZSt") && name.find("__throw_") != name.npos);
}

bool allocates(std::string_view name) {
  return name == "malloc" || name == "calloc" || name == "PyMem_Malloc" || name == "PyMem_Calloc" ||
         name == "PyMem_RawMalloc" || name == "PyMem_RawCalloc" || name == "PyObject_Malloc" ||
         name == "PyObject_Calloc" || name == "_Znwm" || name == "_Znam";
}

bool runs_once(std::string_view name) {
  return name == "pthread_once" || name == "InitOnceExecuteOnce" || name.find("call_once") != name.npos;
}

bool is_at_exit(std::string_view name) { return name.ends_with("atexit") || name == "_register_onexit_function"; }

bool is_lock(std::string_view name) {
  return name.ends_with("SRWLockExclusive") || name.ends_with("CriticalSection") ||
         name.ends_with("ConditionVariable") || name.starts_with("SleepConditionVariable") ||
         name.starts_with("pthread_mutex_");
}

}  // namespace isoaudit::analyzer
