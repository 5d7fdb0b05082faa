#pragma once

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

/// A function or variable that a rule reports wherever it is used: in a source, or among a module's imports.
struct ApiName {
  /// Where it means harm, and where it shows.
  enum class Sight {
    everywhere,
    posix,        ///< Windows keeps that state for each thread
    source_only,  ///< an import of the name tells nothing
  };
  /// The rule's identifier: its slug with '_' for '-'.
  std::string_view rule;
  std::string_view name;
  model::Severity severity;
  Sight sight;
  /// Follows "`name`".
  std::string_view harm;
  /// "localtime_r()": what to use instead; empty when the rule's own advice is all there is.
  std::string_view instead;
  /// Where that is said.
  std::string_view source;
};

/// All rows, those of one rule together.
std::span<const ApiName> api_names();

/// The rows of one rule, by its slug; empty when it has none.
std::span<const ApiName> api_names(std::string_view slug);

/// The rows of one rule by name: the table's and, in their place or beside them, those that the user added. Points into
/// `facts`.
class ApiIndex {
 public:
  ApiIndex(const model::Facts& facts, std::string_view slug);

  /// Null for a name that the rule does not report.
  const ApiName* find(std::string_view name) const;

 private:
  std::unordered_map<std::string_view, ApiName> rows_{};
};

/// The code that `maker` brings along (a framework by its name in the report, or an entry of BinaryFacts::linked_in)
/// imports `name` into every module that has it, so that the import says nothing of the extension's code.
bool imported_by_itself(std::string_view maker, std::string_view name);

}  // namespace isoaudit::rules
