#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/binary_facts.h"
#include "model/finding.h"
#include "model/gap.h"
#include "model/python_version.h"
#include "model/run_facts.h"
#include "model/write_words.h"

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

/// Who writes a variable, as its machine code shows: equal stores of one function are one row.
struct GlobalWriter {
  /// Empty where the file does not name it.
  std::string function{};
  /// When it runs, the earliest first; empty when not known.
  std::vector<RunsWhen> when{};
  /// A way that leads to it: "method `lookup` → lookup() → store()".
  std::string path{};
  /// "result of PyDict_New()"; empty when not known.
  std::string value{};
  std::string guard{};
  bool atomic = false;
  Location where{};

  auto operator<=>(const GlobalWriter&) const = default;
};

/// What a variable is for, by what is stored in it.
enum class GlobalKind {
  static_type,
  thread_state,
  exception,
  type,
  string,
  module,
  static_object,
  object,
  pymem_block,
  capsule_api,
  counter,
  data,
};

/// A variable of a module's own memory that its machine code writes.
struct GlobalVariable {
  /// Empty where the file does not name it.
  std::string name{};
  std::string section{};
  std::uint64_t offset = 0;
  /// Bytes; 0 when not known.
  std::uint64_t size = 0;
  GlobalKind kind = GlobalKind::data;
  /// Why its writes do no harm; empty when they may.
  std::string explained{};
  /// The generator whose own static it is; empty when people wrote it.
  std::string generator{};
  /// As the debug information declares it; else empty.
  std::string declared_type{};
  std::vector<GlobalWriter> writers{};
  /// Functions that load it.
  std::size_t readers = 0;

  auto operator<=>(const GlobalVariable&) const = default;
};

/// What was read of a module's machine code.
struct CodeReport {
  bool read = false;
  /// Why it was not read.
  std::string why_not{};
  /// Bytes of machine code; 0 when not counted.
  std::uint64_t bytes = 0;
  /// By place.
  std::vector<GlobalVariable> globals{};

  auto operator<=>(const CodeReport&) const = default;
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
  /// Empty when nobody asked for it.
  std::optional<CodeReport> code{};

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
const char* to_string(GlobalKind kind);

}  // namespace isoaudit::model
