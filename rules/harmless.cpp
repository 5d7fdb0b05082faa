#include "rules/harmless.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "model/c_api_name.h"

namespace isoaudit::rules {
namespace {

using model::PythonType;
using model::Variable;

// Constant by convention although not const: the allow-list of CPython's Tools/c-analyzer/cpython/_analyzer.py
// (3.13.15), and the additions of rules.md 6. They are compared without array brackets and pointers.
constexpr auto constant_types = std::to_array<std::string_view>({
    "PyModuleDef",
    "PyModuleDef_Slot",
    "PyType_Spec",
    "PyType_Slot",
    "PyMethodDef",
    "PyMemberDef",
    "PyGetSetDef",
    "PyNumberMethods",
    "PySequenceMethods",
    "PyMappingMethods",
    "PyAsyncMethods",
    "PyBufferProcs",
    "PyStructSequence_Field",
    "PyStructSequence_Desc",
    "_PyArg_Parser",
    "PySlot",
    "PyABIInfo",
    "_inittab",
    "_Py_Identifier",
    "wrapperbase",
});

// The same types by their tags, as a canonical type shows them.
constexpr auto constant_tags = std::to_array<std::string_view>({
    "struct PyModuleDef",
    "struct PyModuleDef_Slot",
    "struct PyMethodDef",
    "struct PyMemberDef",
    "struct PyGetSetDef",
    "struct _PyArg_Parser",
    "struct _inittab",
    "struct _Py_Identifier",
    "struct wrapperbase",
    "struct PySlot",
    "struct PyABIInfo",
    "struct PyStructSequence_Field",
    "struct PyStructSequence_Desc",
});

constexpr auto lock_types = std::to_array<std::string_view>({
    "PyMutex",
    "struct PyMutex",
    "_PyOnceFlag",
    "Py_tss_t",
    "struct _Py_tss_t",
    "PyThread_type_lock",
    "pthread_mutex_t",
    "pthread_once_t",
    "pthread_key_t",
    "pthread_rwlock_t",
    "pthread_spinlock_t",
    "pthread_cond_t",
    "std::mutex",
    "std::shared_mutex",
    "std::recursive_mutex",
    "std::timed_mutex",
    "std::once_flag",
    "std::condition_variable",
    "std::atomic_flag",
    "mtx_t",
    "once_flag",
    "CRITICAL_SECTION",
    "SRWLOCK",
    "INIT_ONCE",
    "absl::Mutex",
    "sem_t",
    "uv_mutex_t",
    "uv_rwlock_t",
    "uv_cond_t",
    "uv_once_t",
    "uv_key_t",
});

// Pointers to a C API table that a header puts into every unit that includes it (rules.md 6, C6 tells of them).
constexpr auto header_statics = std::to_array<std::string_view>({
    "PyDateTimeAPI",
    "PyArray_API",
    "PyUFunc_API",
    "PyCurses_API",
    "expat_CAPI",
    "NPY_DEPRECATED",
    "PyArray_RUNTIME_VERSION",
    "__ioinit",
});

// POSIX and GCC functions whose answer does not change while a process runs.
constexpr auto pure_probes = std::to_array<std::string_view>(
    {"sysconf", "getpagesize", "getpid", "__builtin_cpu_supports", "__builtin_cpu_init"});

constexpr auto keyword_lists = std::to_array<std::string_view>({"kwlist", "keywords", "kwargs", "kwnames", "kw_list"});

std::string element_type(std::string type) {
  // pybind11's slots: `std::array<PyModuleDef_Slot, 5>`.
  if (constexpr std::string_view array = "std::array<"; type.starts_with(array)) {
    type = type.substr(array.size(), type.rfind(',') - array.size());
  }
  if (const std::size_t bracket = type.find('['); bracket != std::string::npos) type.resize(bracket);
  while (!type.empty() && (type.back() == ' ' || type.back() == '*')) type.pop_back();
  for (const std::string_view prefix : {"const ", "volatile ", "static ", "class "}) {
    if (type.starts_with(prefix)) type.erase(0, prefix.size());
  }
  return type;
}

template <std::size_t N>
bool in(const std::array<std::string_view, N>& table, const std::string& word) {
  return std::ranges::find(table, word) != table.end();
}

bool is_constant_type(const std::string& type) {
  const std::string element = element_type(type);
  return in(constant_types, element) || in(constant_tags, element);
}

bool is_pointer(const std::string& type) { return type.find('*') != std::string::npos; }

bool written(const Variable& variable) {
  const bool made_object = variable.python_type != PythonType::none && variable.has_dynamic_init;
  return !variable.writes.empty() || !variable.initialiser_callee.empty() || made_object;
}

bool only_immortal(const Variable& variable) {
  return std::ranges::all_of(variable.writes, [](const model::Write& write) {
    return write.value == model::StoredValue::immortal || write.value == model::StoredValue::constant;
  });
}

}  // namespace

bool is_synchronisation_type(const std::string& canonical_type) {
  const std::string element = element_type(canonical_type);
  return in(lock_types, element) || element.starts_with("std::atomic<") || element.starts_with("_Atomic");
}

bool is_header_static(const std::string& name) {
  // numpy puts the project's name for its API before it (PY_ARRAY_UNIQUE_SYMBOL).
  return in(header_statics, name) || name.ends_with("PyArray_RUNTIME_VERSION");
}

bool capsule_has_its_own_rule(const std::string& capsule) {
  return capsule.starts_with("datetime.") || capsule.starts_with("numpy.") || capsule == "_ARRAY_API" ||
         capsule == "_UFUNC_API";
}

bool is_pure_probe(const std::string& function) { return in(pure_probes, function); }

bool is_definition_table(const Variable& v) {
  // A pointer to such a table is a variable like any other.
  return (is_constant_type(v.canonical_type) || is_constant_type(v.type)) && !is_pointer(v.canonical_type);
}

std::string harmless_reason(const Variable& v) {
  const bool object = v.python_type != PythonType::none;
  // `static PyObject *const decimal = PyImport_ImportModule(...)`: the pointer stays, the object is one interpreter's.
  const bool made_at_run_time = v.has_dynamic_init || !v.initialiser_callee.empty();
  if (v.is_const && !(object && made_at_run_time)) return "constant";
  if (v.python_type == PythonType::static_type) return "";
  if (is_synchronisation_type(v.canonical_type) || is_synchronisation_type(v.type)) return "synchronisation object";
  if (v.is_atomic) return "atomic";
  if (v.is_thread_local && !object) return "thread-local plain data";
  if (in(header_statics, v.name)) return "C API pointer that a header defines";
  const auto store = [](const model::Write& w) {
    // What the C API does with a definition that it gets is its own business: CPython's sources show it.
    const bool api = model::is_c_api_name(w.callee);
    return w.kind != model::WriteKind::address_passed && w.kind != model::WriteKind::method &&
           !(w.kind == model::WriteKind::by_callee && api);
  };
  const bool stored_to = std::ranges::any_of(v.writes, store);
  if (is_definition_table(v) && !stored_to) return "table that is constant by convention";
  if (!stored_to && (in(keyword_lists, v.name) || v.name.ends_with("_kws") || v.name.ends_with("_kwlist") ||
                     v.name == "_kwtuple" || v.name == "_keywords" || v.name == "_parser")) {
    return "keyword table";
  }
  if (v.generator == "argument-clinic") return "Argument Clinic's own table";
  if (v.canonical_type.find("sig_atomic_t") != std::string::npos || v.type.find("sig_atomic_t") != std::string::npos) {
    return "signal flag";
  }
  // Others read it, and so get a static object of the project.
  const bool published = v.linkage == model::Linkage::external || v.address_taken;
  if (!written(v) && published && !v.holds_static.empty()) return "";
  const bool only_behind =
      std::ranges::all_of(v.writes, [](const model::Write& write) { return write.kind == model::WriteKind::pointee; });
  if (!v.points_to.empty() && only_behind && v.initialiser_callee.empty() && !v.address_taken) {
    return "points to one variable for ever";
  }
  if (!written(v) && !v.address_taken && v.python_type != PythonType::static_object) return "never written";
  if (!written(v) && !v.is_read && v.python_type != PythonType::static_object) return "only its address is used";
  if (object && v.python_type != PythonType::static_object && written(v) && v.initialiser_callee.empty() &&
      only_immortal(v)) {
    return "only ever holds immortal objects";
  }
  return "";
}

}  // namespace isoaudit::rules
