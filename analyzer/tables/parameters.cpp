#include "analyzer/tables/parameters.h"

#include <algorithm>
#include <string_view>

#include "analyzer/tables/outline_atomics.h"
#include "model/c_api_name.h"
#include "model/compiler_data.h"

namespace isoaudit::analyzer {
namespace {

/// Bit i: argument i is written. `from`: all arguments from there on are (format functions); 32 = none.
struct Row {
  std::string_view name;
  unsigned written;
  unsigned from = 32;
};

/// Sorted by name. CPython 3.15's headers and documentation; glibc's manual pages.
constexpr Row table[] = {
    {"PyArg_Parse", 0, 2},
    {"PyArg_ParseTuple", 0, 2},
    {"PyArg_ParseTupleAndKeywords", 0, 4},
    {"PyArg_UnpackTuple", 0, 4},
    {"PyArg_VaParse", 0, 2},
    {"PyBuffer_Release", 1},
    {"PyBytes_AsStringAndSize", 6},
    {"PyBytes_Concat", 1},
    {"PyBytes_ConcatAndDel", 1},
    {"PyDict_GetItemRef", 4},
    {"PyDict_GetItemStringRef", 4},
    {"PyDict_Next", 14},
    {"PyDict_Pop", 4},
    {"PyDict_SetDefaultRef", 8},
    {"PyErr_Fetch", 7},
    {"PyErr_GetExcInfo", 7},
    {"PyErr_NormalizeException", 7},
    {"PyImport_ImportModuleAttr", 0},
    {"PyIter_NextItem", 2},
    {"PyList_Sort", 0},
    {"PyLong_AsLongAndOverflow", 2},
    {"PyLong_AsLongLongAndOverflow", 2},
    {"PyMapping_GetOptionalItem", 4},
    {"PyMapping_GetOptionalItemString", 4},
    // It readies the type first.
    {"PyModule_AddType", 2},
    {"PyOS_string_to_double", 2},
    {"PyObject_GetBuffer", 2},
    {"PyObject_GetOptionalAttr", 4},
    {"PyObject_GetOptionalAttrString", 4},
    {"PyObject_Init", 1},
    {"PyObject_InitVar", 1},
    {"PySlice_AdjustIndices", 6},
    {"PySlice_GetIndices", 28},
    {"PySlice_GetIndicesEx", 60},
    {"PySlice_Unpack", 14},
    {"PyStructSequence_InitType", 1},
    {"PyStructSequence_InitType2", 1},
    // What they write of the key is theirs to guard, like a mutex; that it is one of the process is another rule's.
    {"PyThread_tss_create", 0},
    {"PyThread_tss_delete", 0},
    {"PyType_Modified", 1},
    {"PyType_Ready", 1},
    {"PyUnicode_Append", 1},
    {"PyUnicode_AppendAndDel", 1},
    {"PyUnicode_AsUTF8AndSize", 2},
    {"PyUnicode_FSConverter", 2},
    {"PyUnicode_FSDecoder", 2},
    {"PyUnicode_InternInPlace", 1},
    {"PyWeakref_GetRef", 2},
    {"_ITM_deregisterTMCloneTable", 0},
    {"_ITM_registerTMCloneTable", 0},
    {"_PyArg_ParseStack", 0, 3},
    {"_PyArg_ParseStackAndKeywords", 0, 4},
    // Where the thread's tables and number are: they take nothing.
    {"__ctype_b_loc", 0},
    {"__ctype_tolower_loc", 0},
    {"__ctype_toupper_loc", 0},
    {"__cxa_atexit", 0},
    {"__cxa_finalize", 0},
    {"__cxa_guard_abort", 0},
    {"__cxa_guard_acquire", 0},
    {"__cxa_guard_release", 0},
    {"__cxa_thread_atexit", 0},
    {"__errno_location", 0},
    {"__memcpy_chk", 1},
    {"__memmove_chk", 1},
    {"__memset_chk", 1},
    {"__snprintf_chk", 1},
    {"__sprintf_chk", 1},
    {"__stpcpy_chk", 1},
    {"__strcat_chk", 1},
    {"__strcpy_chk", 1},
    {"__strncpy_chk", 1},
    {"__tls_get_addr", 0},
    {"atoi", 0},
    {"bcmp", 0},
    {"bsearch", 0},
    {"fopen", 0},
    {"fprintf", 0},
    {"fputs", 0},
    {"free", 0},
    {"fwrite", 0},
    {"getenv", 0},
    {"memchr", 0},
    {"memcmp", 0},
    {"memcpy", 1},
    {"memmove", 1},
    {"memset", 1},
    {"open", 0},
    {"pthread_cond_broadcast", 0},
    {"pthread_cond_signal", 0},
    {"pthread_cond_wait", 0},
    {"pthread_mutex_destroy", 0},
    {"pthread_mutex_init", 0},
    {"pthread_mutex_lock", 0},
    {"pthread_mutex_trylock", 0},
    {"pthread_mutex_unlock", 0},
    {"pthread_once", 0},
    {"pthread_rwlock_rdlock", 0},
    {"pthread_rwlock_unlock", 0},
    {"pthread_rwlock_wrlock", 0},
    {"puts", 0},
    {"qsort", 1},
    {"read", 2},
    {"sem_post", 0},
    {"sem_wait", 0},
    {"snprintf", 1},
    {"sprintf", 1},
    {"sscanf", 0, 2},
    {"stpcpy", 1},
    {"strcat", 1},
    {"strchr", 0},
    {"strcmp", 0},
    {"strcpy", 1},
    {"strdup", 0},
    {"strlen", 0},
    {"strncmp", 0},
    {"strncpy", 1},
    {"strrchr", 0},
    {"strstr", 0},
    {"strtod", 2},
    {"strtol", 2},
    {"vsnprintf", 1},
    {"write", 0},
};
static_assert(std::ranges::is_sorted(table, {}, &Row::name));

}  // namespace

ParameterUse parameter_use(std::string_view function, unsigned index) {
  const auto* row = std::ranges::lower_bound(table, function, {}, &Row::name);
  if (row != std::end(table) && row->name == function) {
    const bool written = index >= row->from || (index < 32 && ((row->written >> index) & 1) != 0);
    return written ? ParameterUse::written : ParameterUse::not_written;
  }
  if (const auto atomic = outline_atomic(function)) {
    if (index != atomic->place) return ParameterUse::not_written;
    const bool number = atomic->kind == OutlineAtomic::Kind::changes || atomic->width < 8;
    return number ? ParameterUse::counted : ParameterUse::atomically;
  }
  if (model::is_instrumentation_function(function)) {
    // clang/lib and GCC's sanitizer passes replace these; of all else the runtime only takes note.
    if (function.ends_with("_memset") || function.ends_with("_memcpy") || function.ends_with("_memmove")) {
      return index == 0 ? ParameterUse::written : ParameterUse::not_written;
    }
    if (!function.starts_with("__tsan_atomic") || index != 0) return ParameterUse::not_written;
    return function.find("_fetch_") != std::string_view::npos ? ParameterUse::counted : ParameterUse::atomically;
  }
  return model::is_c_api_name(function) ? ParameterUse::not_written : ParameterUse::unknown;
}

}  // namespace isoaudit::analyzer
