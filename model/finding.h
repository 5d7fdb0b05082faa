#pragma once

#include <compare>
#include <string>
#include <vector>

#include "model/location.h"

namespace isoaudit::model {

/// Ordered: the worst first.
enum class Severity { blocker, hazard, advice };

/// Ordered: the surest first; then what the user has set aside.
enum class Status { confirmed, likely, possible, suppressed, baseline };

enum class EvidenceKind { source, binary, code, runtime };

/// One reason for a finding, from one collector.
struct Because {
  EvidenceKind kind = EvidenceKind::source;
  std::string text{};
  Location where{};

  auto operator<=>(const Because&) const = default;
};

/// What a finding is about, in the words that let two collectors meet: the same variable has the same subject.
struct Subject {
  /// The variable's plain name, a hook or an API function.
  std::string name{};
  /// Mangled name for external variables; empty when the plain name is all there is.
  std::string linkage_name{};
  /// Main file of the defining unit for internal linkage; empty when not known.
  std::string unit{};
  /// ".bss+0x40" when the file has no symbols.
  std::string address{};

  auto operator<=>(const Subject&) const = default;
};

/// What one rule says of what a generator wrote.
struct RulePart {
  std::string rule{};
  Severity severity = Severity::hazard;
  Status status = Status::possible;
  Location where{};
  std::string message{};
  std::vector<Because> because{};

  auto operator<=>(const RulePart&) const = default;
};

struct Finding {
  std::string rule{};
  Severity severity = Severity::hazard;
  Status status = Status::possible;
  Subject subject{};
  /// Dotted name of the module it harms; empty when no module could be named.
  std::string module{};
  Location where{};
  std::string message{};
  std::string fix{};
  /// What to do about several of its kind, in one: "move them into the module state". Empty where `fix` names none.
  std::string fix_of_many{};
  /// "3.14": the columns it holds for; empty means all that were audited.
  std::vector<std::string> pythons{};
  std::vector<Because> because{};
  /// The generator or framework whose own static it is about ("cython"); empty when people wrote it.
  std::string generator{};
  /// What several rules say of one generator's code in one module, the worst first: its user can do one thing about all
  /// of it, so it is one finding, under the rule of the first. Empty where one rule speaks.
  std::vector<RulePart> parts{};
  /// Stable over unrelated edits: a digest of rule, module, subject and function. Set by `judge`.
  std::string fingerprint{};

  auto operator<=>(const Finding&) const = default;
};

const char* to_string(Severity severity);
const char* to_string(Status status);
const char* to_string(EvidenceKind kind);

}  // namespace isoaudit::model
