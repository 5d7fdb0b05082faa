#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "model/binary_facts.h"
#include "model/finding.h"
#include "model/gap.h"
#include "model/python_version.h"
#include "model/run_facts.h"

namespace isoaudit::model {

/// One for each module and Python, design.md "Verdicts".
enum class VerdictKind { isolated, suspect, unsafe, shared_gil_only, refused, blocked, unknown };

struct Verdict {
  std::string python{};
  VerdictKind kind = VerdictKind::unknown;
  std::string reason{};
  std::vector<std::string> blocked_by{};
  /// Nobody asked for a run, so `unknown` is no failure of this audit.
  bool not_run = false;
  std::vector<Phase> phases{};

  auto operator<=>(const Verdict&) const = default;
};

/// A module in the report: a compiled file, or (sources alone) a hook.
struct ModuleReport {
  std::string name{};
  std::string path{};
  std::string sha256{};
  BinaryFormat format = BinaryFormat::elf;
  /// False when only its source is known: format, arch and sha256 then say nothing.
  bool compiled = false;
  std::string arch{};
  Framework framework = Framework::none;
  std::string framework_version{};
  Footprint footprint{};
  std::vector<EntryPoint> entry_points{};
  Declaration declares{};
  std::vector<Verdict> verdicts{};

  auto operator<=>(const ModuleReport&) const = default;
};

struct Report {
  std::string tool_version{};
  std::vector<Interpreter> pythons{};
  std::vector<ModuleReport> modules{};
  std::vector<Finding> findings{};
  std::vector<Gap> gaps{};
  /// How the audit was made, where that is not as usual: "the modules ran without a sandbox: ...". No fault of an
  /// input.
  std::vector<std::string> notes{};

  auto operator<=>(const Report&) const = default;
};

const char* to_string(VerdictKind kind);

}  // namespace isoaudit::model
