#pragma once

#include <string>
#include <vector>

namespace isoaudit::analyzer {

/// A distribution as an interpreter has it installed.
struct Distribution {
  /// What the user wrote, and what it is called: "scikit_learn", "scikit-learn" 1.9.1.
  std::string asked{};
  std::string name{};
  std::string version{};
  /// Id of the interpreter that has it: its files count for no other.
  std::string python{};
  /// The folder of sys.path that it lies in.
  std::string root{};
  /// Its compiled modules, as its RECORD names them: relative to `root`.
  std::vector<std::string> files{};
};

}  // namespace isoaudit::analyzer
