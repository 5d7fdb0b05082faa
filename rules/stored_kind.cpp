#include "rules/stored_kind.h"

#include <algorithm>
#include <array>
#include <string>

#include "model/c_api_name.h"
#include "rules/data_methods.h"

namespace isoaudit::rules {
namespace {

/// What a stored result is, by the function that returned it (Doc/c-api). The first row that fits.
struct ResultKind {
  std::string_view prefix;
  VariableKind kind;
};
constexpr auto result_kinds = std::to_array<ResultKind>({
    {"PyErr_NewException", VariableKind::exception},
    {"PyType_From", VariableKind::heap_type_pointer},
    {"PyStructSequence_NewType", VariableKind::heap_type_pointer},
    {"PyEval_SaveThread", VariableKind::thread_state},
    {"PyThreadState_", VariableKind::thread_state},
    {"PyGILState_GetThisThreadState", VariableKind::thread_state},
    {"PyInterpreterState_GetDict", VariableKind::object_cache},
    {"PyInterpreterState_GetID", VariableKind::plain},
    {"PyInterpreterState_", VariableKind::thread_state},
    {"PyUnicode_Intern", VariableKind::string_cache},
    {"PyUnicode_FromString", VariableKind::string_cache},
    {"PyCapsule_Import", VariableKind::capsule_api},
    {"PyCapsule_GetPointer", VariableKind::capsule_api},
    {"PyUnicode_AsWideCharString", VariableKind::pymem_block},
    {"PyUnicode_AsUTF8String", VariableKind::object_cache},
    {"PyUnicode_AsUTF8", VariableKind::borrowed_text},
    {"PyUnicode_DATA", VariableKind::borrowed_text},
    {"PyBytes_AsString", VariableKind::borrowed_text},
    {"PyBytes_AS_STRING", VariableKind::borrowed_text},
    {"PyByteArray_AsString", VariableKind::borrowed_text},
    {"PyByteArray_AS_STRING", VariableKind::borrowed_text},
    {"PyDict_AddWatcher", VariableKind::registration},
    {"PyType_AddWatcher", VariableKind::registration},
    {"PyCode_AddWatcher", VariableKind::registration},
    {"PyFunction_AddWatcher", VariableKind::registration},
    {"PyContext_AddWatcher", VariableKind::registration},
    {"PyUnstable_Eval_RequestCodeExtraIndex", VariableKind::registration},
    {"_PyEval_RequestCodeExtraIndex", VariableKind::registration},
    {"PyMem_Raw", VariableKind::plain},
    {"PyThread_", VariableKind::plain},
    {"PyMem_", VariableKind::pymem_block},
    {"PyObject_Malloc", VariableKind::pymem_block},
    {"PyObject_Calloc", VariableKind::pymem_block},
    {"PyObject_Realloc", VariableKind::pymem_block},
    {"PyState_FindModule", VariableKind::module_pointer},
    {"PyModule_Create", VariableKind::module_pointer},
    {"PyModule_New", VariableKind::module_pointer},
    {"PyUnicode_From", VariableKind::object_cache},
    {"PyUnicode_New", VariableKind::object_cache},
    {"PyUnicode_Decode", VariableKind::object_cache},
    {"PyUnicode_Concat", VariableKind::object_cache},
    {"PyUnicode_Join", VariableKind::object_cache},
    {"PyUnicode_Format", VariableKind::object_cache},
    {"PyUnicode_Substring", VariableKind::object_cache},
    {"PyBytes_From", VariableKind::object_cache},
    {"PyByteArray_From", VariableKind::object_cache},
    {"PyLong_From", VariableKind::object_cache},
    {"PyFloat_From", VariableKind::object_cache},
    {"PyComplex_From", VariableKind::object_cache},
    {"PyBool_From", VariableKind::plain},
    {"PyDict_", VariableKind::object_cache},
    {"PyList_", VariableKind::object_cache},
    {"PyTuple_", VariableKind::object_cache},
    {"PySet_New", VariableKind::object_cache},
    {"PyFrozenSet_New", VariableKind::object_cache},
    {"PyCapsule_New", VariableKind::object_cache},
    {"PyCFunction_New", VariableKind::object_cache},
    {"PyCMethod_New", VariableKind::object_cache},
    {"PyContextVar_New", VariableKind::object_cache},
    {"PySlice_New", VariableKind::object_cache},
    {"PyImport_ImportModuleAttr", VariableKind::object_cache},
    {"PyImport_", VariableKind::module_object},
    {"PySys_GetObject", VariableKind::module_object},
    {"PyEval_GetBuiltins", VariableKind::module_object},
    {"PyEval_GetGlobals", VariableKind::module_object},
    {"PyEval_GetLocals", VariableKind::module_object},
    {"PyModule_GetDict", VariableKind::module_object},
    {"PyObject_Call", VariableKind::object_cache},
    {"PyObject_GetAttr", VariableKind::object_cache},
    {"PyObject_GetItemData", VariableKind::plain},
    {"PyObject_GetItem", VariableKind::object_cache},
    {"PyObject_GetIter", VariableKind::object_cache},
    {"PyObject_Repr", VariableKind::object_cache},
    {"PyObject_Str", VariableKind::object_cache},
    {"PyObject_GenericGetAttr", VariableKind::object_cache},
    {"PyNumber_", VariableKind::object_cache},
    {"PyWeakref_New", VariableKind::object_cache},
    {"PyMemoryView_From", VariableKind::object_cache},
    {"_PyObject_New", VariableKind::object_cache},
    {"_PyObject_GC_New", VariableKind::object_cache},
    {"PyType_GenericAlloc", VariableKind::object_cache},
    {"PyType_GenericNew", VariableKind::object_cache},
    {"Py_BuildValue", VariableKind::object_cache},
    {"_Py_BuildValue", VariableKind::object_cache},
});

// The same results where they are numbers: no object is kept.
constexpr auto number_results = std::to_array<std::string_view>({"PyDict_Size",
                                                                 "PyList_Size",
                                                                 "PyTuple_Size",
                                                                 "PyDict_Contains",
                                                                 "PyDict_SetItem",
                                                                 "PyDict_SetItemString",
                                                                 "PyDict_Next",
                                                                 "PyDict_DelItem",
                                                                 "PyDict_Update",
                                                                 "PyList_Append",
                                                                 "PyList_SetItem",
                                                                 "PyTuple_SetItem",
                                                                 "PyNumber_Check",
                                                                 "PyNumber_AsSsize_t",
                                                                 "PyImport_GetMagicNumber",
                                                                 "PyImport_AppendInittab",
                                                                 "PyImport_ExtendInittab",
                                                                 "PyImport_ImportFrozenModule",
                                                                 "PyDict_ContainsString",
                                                                 "PyDict_GetItemRef",
                                                                 "PyDict_GetItemStringRef",
                                                                 "PyDict_SetDefaultRef",
                                                                 "PyDict_Pop",
                                                                 "PyDict_PopString",
                                                                 "PyInterpreterState_GetID",
                                                                 "PyThreadState_GetID"});

constexpr auto number_words = std::to_array<std::string_view>(
    {"char",    "short",   "int",      "long",       "unsigned",  "signed",   "float",    "double",  "bool",
     "_Bool",   "size_t",  "ssize_t",  "Py_ssize_t", "Py_hash_t", "Py_UCS4",  "int8_t",   "int16_t", "int32_t",
     "int64_t", "uint8_t", "uint16_t", "uint32_t",   "uint64_t",  "intptr_t", "uintptr_t"});

constexpr std::uint64_t pointer_size = 8;

/// What fills a cell of PyO3, told by the names in its own: src/sync/once_lock.rs and
/// src/impl_/pyclass/lazy_type_object.rs of PyO3 0.22 to 0.29. A cell of anything else may hold no object at all.
struct CellFiller {
  std::string_view path;
  std::string_view what;
  VariableKind kind;
};
constexpr auto cell_fillers =
    std::to_array<CellFiller>({{"pyo3::impl_::pyclass::lazy_type_object::", "", VariableKind::heap_type_pointer},
                               {"pyo3::sync::", "pyo3::sync::Interned", VariableKind::string_cache},
                               {"pyo3::sync::", "pyo3::types::string::PyString", VariableKind::string_cache},
                               {"pyo3::sync::", "pyo3::instance::Py<", VariableKind::object_cache}});

VariableKind kind_of_filled(std::string_view function) {
  if (fills_a_type(function)) return VariableKind::static_type;
  const auto* row = std::ranges::find_if(cell_fillers, [&](const CellFiller& known) {
    return function.find(known.path) != function.npos && function.find(known.what) != function.npos;
  });
  return row == cell_fillers.end() ? VariableKind::plain : row->kind;
}

}  // namespace

bool fills_a_type(std::string_view function) {
  return function == "PyType_Ready" || function == "PyStructSequence_InitType" ||
         function == "PyStructSequence_InitType2";
}

VariableKind kind_of_result(std::string_view function) {
  if (std::ranges::find(number_results, function) != number_results.end()) return VariableKind::plain;
  const auto* row =
      std::ranges::find_if(result_kinds, [&](const ResultKind& known) { return function.starts_with(known.prefix); });
  return row == result_kinds.end() ? VariableKind::plain : row->kind;
}

VariableKind kind_of_declared(std::string_view type) {
  if (type.starts_with("PyObject *")) return VariableKind::object_cache;
  if (type.starts_with("PyTypeObject *")) return VariableKind::heap_type_pointer;
  if (type.starts_with("PyThreadState *") || type.starts_with("PyInterpreterState *"))
    return VariableKind::thread_state;
  return VariableKind::plain;
}

bool is_number_type(std::string_view type) {
  if (const std::size_t bracket = type.find('['); bracket != std::string_view::npos) type = type.substr(0, bracket);
  while (!type.empty()) {
    const std::size_t space = type.find(' ');
    const std::string_view word = type.substr(0, space);
    const bool qualifier = word.empty() || word == "volatile" || word == "const" || word == "static";
    if (!qualifier && std::ranges::find(number_words, word) == number_words.end()) return false;
    type = space == std::string_view::npos ? "" : type.substr(space + 1);
  }
  return true;
}

bool is_own_module(model::StoredValue value, std::string_view which, const std::vector<model::Reached>& reached) {
  if (value != model::StoredValue::parameter || (!which.empty() && which != "argument 1")) return false;
  // The exec function itself, not one that it calls.
  constexpr std::string_view arrow = " → ";
  const auto is_exec_itself = [&](const model::Reached& row) {
    return row.when == model::RunsWhen::exec && row.path.starts_with("Py_mod_exec → ") &&
           row.path.find(arrow) == row.path.rfind(arrow);
  };
  return !reached.empty() && std::ranges::all_of(reached, is_exec_itself);
}

VariableKind kind_of_store(const model::CodeWrite& write) {
  if (is_own_module(write.value, write.stored, write.reached)) return VariableKind::module_pointer;
  if (!write.passed_to.empty()) return kind_of_filled(write.passed_to);
  return kind_of_result(write.result_of);
}

bool may_store_object(const model::CodeWrite& write) {
  using model::StoredValue;
  // What the callee stores there is its own affair; of some it is known to be no object.
  if (!write.passed_to.empty()) {
    return !(write.atomic && write.value == StoredValue::changed) && !is_method_of_data(write.passed_to);
  }
  if (write.size != 0 && write.size < pointer_size) return false;
  switch (write.value) {
    case StoredValue::constant:
    case StoredValue::immortal:
    case StoredValue::static_address:
    case StoredValue::changed: return false;
    case StoredValue::unknown:
    case StoredValue::parameter:
    case StoredValue::call: break;
  }
  // Blocks, locks and numbers that are CPython's and no objects.
  for (const std::string_view begin : {"PyMem_Raw", "PyThread_", "PyInterpreterState_GetID"}) {
    if (write.result_of.starts_with(begin)) return false;
  }
  // Only CPython's functions return objects, and those of the file itself, which have no name here.
  return write.result_of.empty() || model::is_c_api_name(write.result_of);
}

}  // namespace isoaudit::rules
