#pragma once

#include <cstddef>
#include <map>
#include <set>

#include "analyzer/code/module_code.h"

namespace isoaudit::analyzer {

/// Who calls whom in the code of one image, whose address is taken, and so when each function runs.
class CodeGraph {
 public:
  explicit CodeGraph(ModuleCode& code);

  /// Notes what function number `index` calls and whose address it takes.
  void note(std::size_t index, const FunctionCode& function);
  /// After all functions were noted: those that run only while the loader initialises the library.
  std::set<std::size_t> constructors_only() const;

 private:
  bool is_handler(std::size_t function) const;
  bool has_other_callers(std::size_t function, const std::set<std::size_t>& constructors) const;

  const ModuleCode& code_;
  std::set<std::size_t> constructors_{}, taken_{};
  std::map<std::size_t, std::set<std::size_t>> callers_{}, takers_{};
};

}  // namespace isoaudit::analyzer
