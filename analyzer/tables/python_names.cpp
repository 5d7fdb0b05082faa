#include "analyzer/tables/python_names.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

// What Py_None and its like are in Include/*.h.
constexpr std::string_view immortal_objects[] = {"_Py_NoneStruct",        "_Py_TrueStruct",           "_Py_FalseStruct",
                                                 "_Py_EllipsisObject",    "_Py_NotImplementedStruct", "_PyNone_Type",
                                                 "_PyNotImplemented_Type"};

// Include/internal/pycore_global_objects.h: the empty tuple, str and bytes, the ints from -5 to 256 (more from 3.15
// on), the strings of one Latin-1 character. Of UTF-8 only ASCII is one byte.
constexpr std::int64_t lowest_int = -5;
constexpr std::int64_t highest_int = 256;
constexpr unsigned no_argument = ImmortalResult::no_argument;
constexpr ImmortalResult immortal_results[] = {
    {"PyBytes_FromString", 0, 0, 1, true},
    {"PyBytes_FromStringAndSize", 1, 0, 0},
    {"PyLong_FromLong", 0, lowest_int, highest_int},
    {"PyLong_FromLongLong", 0, lowest_int, highest_int},
    {"PyLong_FromSize_t", 0, 0, highest_int},
    {"PyLong_FromSsize_t", 0, lowest_int, highest_int},
    {"PyLong_FromUnsignedLong", 0, 0, highest_int},
    {"PyLong_FromUnsignedLongLong", 0, 0, highest_int},
    {"PyTuple_New", 0, 0, 0},
    {"PyUnicode_FromString", 0, 0, 1, true},
    {"PyUnicode_FromStringAndSize", 1, 0, 0},
    {"PyUnicode_InternFromString", 0, 0, 1, true},
    {"PyUnicode_New", 0, 0, 0},
    {"_PyLong_GetOne", no_argument, 0, 0},
    {"_PyLong_GetZero", no_argument, 0, 0},
};

}  // namespace

bool names_immortal_object(std::string_view name) {
  if (name.starts_with("Py") && name.ends_with("_Type")) return true;
  return std::ranges::find(immortal_objects, name) != std::end(immortal_objects);
}

bool names_immortal_pointer(std::string_view name) { return name.starts_with("PyExc_"); }

const ImmortalResult* immortal_result(std::string_view function) {
  const auto* row = std::ranges::find(immortal_results, function, &ImmortalResult::function);
  return row == std::end(immortal_results) ? nullptr : row;
}

std::optional<unsigned> naming_argument(std::string_view function) {
  if (function == "PyCapsule_Import") return 0;
  if (function == "PyCapsule_GetPointer") return 1;
  return {};
}

}  // namespace isoaudit::analyzer
