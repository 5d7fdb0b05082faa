#pragma once

#include <string_view>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

class FindingIndex;

/// The parts of the catalogue.
enum class Group {
  definition,  ///< how the module is defined and imported, and what keeps it out
  objects,     ///< Python objects and other data in process-wide storage
  c_api,       ///< functions that mean one interpreter
  process,     ///< state of the process beside Python: C library, system, other libraries
};

/// One rule: what it is called, what a user should know, and a pure function from facts to findings.
/// A check sets subject, module, where, message, fix, status and one `because` for each collector that saw it; `judge`
/// adds the rule's slug, joins findings on one subject, and sets fingerprints.
/// A rule that sums up what others found has `check_after` instead: it is asked when all checks are done.
struct Rule {
  std::string_view slug;
  Group group;
  model::Severity severity;
  /// Markdown with the headings "What it finds", "Why it matters", "How to fix", "What it cannot see".
  std::string_view doc;
  std::vector<model::Finding> (*check)(const model::Facts&) = nullptr;
  std::vector<model::Finding> (*check_after)(const model::Facts&, const FindingIndex&) = nullptr;
};

}  // namespace isoaudit::rules
