#pragma once

#include <string>
#include <vector>

namespace isoaudit::analyzer {

/// What the user names beside what the collectors know.
struct UsersNames {
  /// C++ classes that own a Python object and show no PyObject * of their own, by qualified name; sub-classes count.
  std::vector<std::string> wrapper_classes{};
  /// Functions of C whose uses are told wherever they are declared, the project's own files included.
  std::vector<std::string> functions{};
};

}  // namespace isoaudit::analyzer
