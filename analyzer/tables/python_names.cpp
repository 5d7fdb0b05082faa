#include "analyzer/tables/python_names.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

// What Py_None and its like are in Include/*.h.
constexpr std::string_view immortal_objects[] = {"_Py_NoneStruct",        "_Py_TrueStruct",           "_Py_FalseStruct",
                                                 "_Py_EllipsisObject",    "_Py_NotImplementedStruct", "_PyNone_Type",
                                                 "_PyNotImplemented_Type"};

}  // namespace

bool names_immortal_object(std::string_view name) {
  if (name.starts_with("Py") && name.ends_with("_Type")) return true;
  return std::ranges::find(immortal_objects, name) != std::end(immortal_objects);
}

bool names_immortal_pointer(std::string_view name) { return name.starts_with("PyExc_"); }

}  // namespace isoaudit::analyzer
