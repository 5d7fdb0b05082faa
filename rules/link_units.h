#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

/// Decides which modules each translation unit ends up in (Unit::modules): a unit belongs to a module when the module's
/// hook is in it, or when units of that module refer to a name of external linkage that it defines, however many units
/// away: what a linker does with an archive. Units that nobody refers to belong to the program's only module, when it
/// has only one.
void link_units(model::Facts& facts);

/// Looks up what link_units decided. `facts` must outlive it.
class UnitLinks {
 public:
  explicit UnitLinks(const model::Facts& facts);

  /// Dotted names where a compiled module tells them, else the hook's own name. Sorted; empty when not known.
  const std::vector<std::string>& modules_of(const std::string& unit) const;

  /// All modules that a finding speaks of: its own, and those that its unit belongs to.
  std::vector<std::string> modules_of(const model::Finding& finding) const;

  /// The one to name in a finding: a module called as the unit's file, else the first; empty when none is known.
  std::string primary_module(const std::string& unit) const;

 private:
  std::unordered_map<std::string_view, const std::vector<std::string>*> modules_{};
};

/// The last component of a dotted name.
std::string last_component(const std::string& dotted);

/// The file name without folders, and without its last ending when `stem`.
std::string file_name(const std::string& path, bool stem = false);

}  // namespace isoaudit::rules
