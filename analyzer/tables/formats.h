#pragma once

#include <optional>
#include <string_view>
#include <vector>

/// What the format of PyArg_ParseTuple, Py_BuildValue and their kin says of the arguments behind it.
namespace isoaudit::analyzer {

/// A function of CPython's API that takes such a format. Arguments count from 0.
struct FormatFunction {
  std::string_view name;
  unsigned format;     ///< the argument that is the format
  unsigned arguments;  ///< the first that the format speaks of
  bool parses;         ///< its arguments are results; else they are values to build from
};

/// Null when `name` takes no format of that kind.
const FormatFunction* format_function(std::string_view name);

/// What happens to the memory that one argument points to.
enum class FormatUse {
  read,
  written,
  converter,  ///< it is a function: the next argument is what that function gets
  converted,  ///< the argument of the converter before it
};

/// One row for each argument that the format speaks of; nothing when it has a unit that no CPython documents.
std::optional<std::vector<FormatUse>> format_uses(std::string_view format, bool parses);

}  // namespace isoaudit::analyzer
