#include "analyzer/tables/parameters.h"

#include <algorithm>
#include <string_view>

#include "analyzer/tables/formats.h"
#include "analyzer/tables/outline_atomics.h"
#include "model/c_api_name.h"
#include "model/compiler_data.h"

namespace isoaudit::analyzer {
namespace {

/// Bit i: argument i is written. `from`: all arguments from there on are; 32 = none.
struct Row {
  std::string_view name;
  unsigned written;
  unsigned from = 32;
};

/// Sorted by name. CPython 3.15's headers and documentation: all public functions that take a pointer to what is
/// neither constant nor an object, and write there. glibc's manual pages.
constexpr Row table[] = {
    {"PyArg_ParseArray", 0, 3},
    {"PyArg_ParseArrayAndKeywords", 0, 5},
    {"PyArg_UnpackTuple", 0, 4},
    {"PyArg_VaParse", 0, 2},
    {"PyBuffer_FillContiguousStrides", 4},
    {"PyBuffer_FillInfo", 1},
    {"PyBuffer_Release", 1},
    {"PyBuffer_ToContiguous", 1},
    {"PyBytes_AsStringAndSize", 6},
    {"PyBytes_Concat", 1},
    {"PyBytes_ConcatAndDel", 1},
    {"PyCode_Addr2Location", 60},
    {"PyConfig_Clear", 1},
    {"PyConfig_GetInt", 2},
    {"PyConfig_InitIsolatedConfig", 1},
    {"PyConfig_InitPythonConfig", 1},
    {"PyConfig_Read", 1},
    {"PyConfig_SetArgv", 1},
    {"PyConfig_SetBytesArgv", 1},
    {"PyConfig_SetBytesString", 3},
    {"PyConfig_SetString", 3},
    {"PyConfig_SetWideStringList", 3},
    {"PyContextVar_Get", 4},
    {"PyDict_GetItemRef", 4},
    {"PyDict_GetItemStringRef", 4},
    {"PyDict_Next", 14},
    {"PyDict_Pop", 4},
    {"PyDict_PopString", 4},
    {"PyDict_SetDefaultRef", 8},
    {"PyErr_Fetch", 7},
    {"PyErr_GetExcInfo", 7},
    {"PyErr_NormalizeException", 7},
    {"PyEval_MergeCompilerFlags", 1},
    {"PyFloat_Pack2", 2},
    {"PyFloat_Pack4", 2},
    {"PyFloat_Pack8", 2},
    {"PyImport_ImportModuleAttr", 0},
    {"PyInitConfig_GetError", 2},
    {"PyInitConfig_GetExitCode", 2},
    {"PyInitConfig_GetInt", 4},
    {"PyInitConfig_GetStr", 4},
    {"PyInitConfig_GetStrList", 12},
    {"PyIter_NextItem", 2},
    {"PyIter_Send", 4},
    {"PyList_Sort", 0},
    {"PyLongWriter_Create", 4},
    {"PyLong_AsInt32", 2},
    {"PyLong_AsInt64", 2},
    {"PyLong_AsLongAndOverflow", 2},
    {"PyLong_AsLongLongAndOverflow", 2},
    {"PyLong_AsNativeBytes", 2},
    {"PyLong_AsUInt32", 2},
    {"PyLong_AsUInt64", 2},
    {"PyLong_Export", 2},
    {"PyLong_FreeExport", 1},
    {"PyLong_FromString", 2},
    {"PyLong_GetSign", 2},
    {"PyMapping_GetOptionalItem", 4},
    {"PyMapping_GetOptionalItemString", 4},
    {"PyMem_GetAllocator", 2},
    {"PyMember_SetOne", 1},
    // It readies the type first.
    {"PyModule_AddType", 2},
    {"PyModule_GetStateSize", 2},
    {"PyModule_GetToken", 2},
    {"PyModule_GetToken_DuringGC", 2},
    {"PyMonitoring_EnterScope", 3},
    {"PyOS_double_to_string", 16},
    {"PyOS_snprintf", 1},
    {"PyOS_string_to_double", 2},
    {"PyOS_strtol", 2},
    {"PyOS_strtoul", 2},
    {"PyOS_vsnprintf", 1},
    {"PyObject_AsCharBuffer", 6},
    {"PyObject_AsReadBuffer", 6},
    {"PyObject_AsWriteBuffer", 6},
    {"PyObject_GetArenaAllocator", 1},
    {"PyObject_GetBuffer", 2},
    {"PyObject_GetOptionalAttr", 4},
    {"PyObject_GetOptionalAttrString", 4},
    {"PyObject_Init", 1},
    {"PyObject_InitVar", 1},
    {"PyPreConfig_InitIsolatedConfig", 1},
    {"PyPreConfig_InitPythonConfig", 1},
    {"PyRefTracer_GetTracer", 1},
    {"PySlice_AdjustIndices", 6},
    {"PySlice_GetIndices", 28},
    {"PySlice_GetIndicesEx", 60},
    {"PySlice_Unpack", 14},
    {"PyStructSequence_InitType", 1},
    {"PyStructSequence_InitType2", 1},
    {"PySys_GetOptionalAttr", 2},
    {"PySys_GetOptionalAttrString", 2},
    // What they write of the key is theirs to guard, like a mutex; that it is one of the process is another rule's.
    {"PyThread_tss_create", 0},
    {"PyThread_tss_delete", 0},
    {"PyTime_Monotonic", 1},
    {"PyTime_MonotonicRaw", 1},
    {"PyTime_PerfCounter", 1},
    {"PyTime_PerfCounterRaw", 1},
    {"PyTime_Time", 1},
    {"PyTime_TimeRaw", 1},
    {"PyType_GetBaseByToken", 4},
    {"PyType_GetBaseByToken_DuringGC", 4},
    {"PyType_Modified", 1},
    {"PyType_Ready", 1},
    {"PyUnicodeDecodeError_GetEnd", 2},
    {"PyUnicodeDecodeError_GetStart", 2},
    {"PyUnicodeEncodeError_GetEnd", 2},
    {"PyUnicodeEncodeError_GetStart", 2},
    {"PyUnicodeTranslateError_GetEnd", 2},
    {"PyUnicodeTranslateError_GetStart", 2},
    {"PyUnicodeWriter_DecodeUTF8Stateful", 16},
    {"PyUnicode_Append", 1},
    {"PyUnicode_AppendAndDel", 1},
    {"PyUnicode_AsUCS4", 2},
    {"PyUnicode_AsUTF8AndSize", 2},
    {"PyUnicode_AsWideChar", 2},
    {"PyUnicode_AsWideCharString", 2},
    {"PyUnicode_DecodeCodePageStateful", 16},
    {"PyUnicode_DecodeMBCSStateful", 8},
    {"PyUnicode_DecodeUTF16", 8},
    {"PyUnicode_DecodeUTF16Stateful", 24},
    {"PyUnicode_DecodeUTF32", 8},
    {"PyUnicode_DecodeUTF32Stateful", 24},
    {"PyUnicode_DecodeUTF7Stateful", 8},
    {"PyUnicode_DecodeUTF8Stateful", 8},
    {"PyUnicode_FSConverter", 2},
    {"PyUnicode_FSDecoder", 2},
    {"PyUnicode_InternImmortal", 1},
    {"PyUnicode_InternInPlace", 1},
    {"PyUnicode_Resize", 1},
    {"PyUnstable_Code_GetExtra", 4},
    {"PyWeakref_GetRef", 2},
    {"PyWideStringList_Append", 1},
    {"PyWideStringList_Insert", 1},
    {"Py_DecodeLocale", 2},
    {"Py_EncodeLocale", 2},
    {"Py_GetArgcArgv", 3},
    {"Py_NewInterpreterFromConfig", 1},
    {"Py_UniversalNewlineFgets", 1},
    {"_ITM_deregisterTMCloneTable", 0},
    {"_ITM_registerTMCloneTable", 0},
    {"_PyArg_ParseStackAndKeywords", 0, 4},
    {"_PyArg_ParseTupleAndKeywordsFast", 0, 3},
    {"_PyBytes_Resize", 1},
    {"_PyCode_GetExtra", 4},
    {"_PyDict_Next", 30},
    {"_PyEval_SliceIndex", 2},
    {"_PyEval_SliceIndexNotNone", 2},
    {"_PyGen_FetchStopIterationValue", 1},
    {"_PyLong_AsByteArray", 2},
    {"_PyLong_Frexp", 2},
    {"_PyOS_URandom", 1},
    {"_PyOS_URandomNonblock", 1},
    {"_PyObject_GetMethod", 4},
    {"_PyObject_LookupAttr", 4},
    {"_PyObject_LookupAttrId", 4},
    {"_PyTuple_Resize", 1},
    {"_PyUnicodeWriter_Init", 1},
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
    {"__cxa_thread_atexit_impl", 0},
    {"__errno_location", 0},
    {"__memcpy_chk", 1},
    {"__memmove_chk", 1},
    {"__memset_chk", 1},
    {"__snprintf_chk", 1},
    {"__sprintf_chk", 1},
    {"__stack_chk_fail", 0},
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
  if (const FormatFunction* formats = format_function(function)) {
    return formats->parses && index >= formats->arguments ? ParameterUse::written : ParameterUse::not_written;
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
