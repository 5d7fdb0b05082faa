#pragma once

#include <clang/AST/Decl.h>

#include <string>
#include <unordered_map>

#include "analyzer/source/storage.h"

namespace isoaudit::analyzer {

/// Names functions so that units can speak of the same one. The name is computed once for each.
class FunctionIds {
 public:
  explicit FunctionIds(Storage& storage) : storage_(storage) {}

  /// The name in the object file; "@name" for a function of this unit alone. Empty where a call or a body stands for
  /// several functions: templates and virtual methods.
  const std::string& of(const clang::FunctionDecl* function);

 private:
  Storage& storage_;
  std::unordered_map<const clang::FunctionDecl*, std::string> known_{};
};

/// The id among all units: functions of one unit alone are kept apart by its number.
std::string program_id(std::size_t unit, const std::string& id);

}  // namespace isoaudit::analyzer
