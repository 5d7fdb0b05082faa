#include "analyzer/code/known_functions.h"

#include <algorithm>
#include <iterator>

namespace isoaudit::analyzer {

bool makes_a_module(std::string_view name) {
  return name == "PyModule_Create2" || name == "PyModule_FromDefAndSpec2" || name == "PyModule_FromSlotsAndSpec" ||
         name == "PyModule_New" || name == "PyModule_NewObject" || name == "PyState_FindModule";
}

bool matters(std::string_view name) { return name == "PyModuleDef_Init" || makes_a_module(name); }

bool never_returns(std::string_view name) {
  constexpr std::string_view names[] = {"abort",
                                        "exit",
                                        "_exit",
                                        "_Exit",
                                        "quick_exit",
                                        "pthread_exit",
                                        "longjmp",
                                        "siglongjmp",
                                        "__longjmp_chk",
                                        "__stack_chk_fail",
                                        "__chk_fail",
                                        "__assert_fail",
                                        "__assert_rtn",
                                        "_Unwind_Resume",
                                        "__cxa_throw",
                                        "__cxa_rethrow",
                                        "__cxa_bad_cast",
                                        "__cxa_bad_typeid",
                                        "__cxa_throw_bad_array_new_length",
                                        "__cxa_pure_virtual",
                                        "__cxa_call_unexpected",
                                        "__cxa_call_terminate",
                                        "_ZSt9terminatev",
                                        "Py_FatalError",
                                        "_Py_FatalErrorFunc",
                                        "Py_Exit"};
  return std::ranges::find(names, name) != std::end(names) ||
         (name.starts_with("_ZSt") && name.find("__throw_") != name.npos);
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
