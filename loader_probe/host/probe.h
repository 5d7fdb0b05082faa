#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/gap.h"
#include "model/python_version.h"
#include "model/run_facts.h"

namespace isoaudit::loader_probe {

class ServerAhead;

struct ProbeOptions {
  unsigned interpreters = 4;
  unsigned rounds = 3;
  /// Wall clock for one child process, seconds.
  double timeout = 30;
  /// The probe's shared object; looked for beside the program when empty.
  std::string probe_library{};
  /// Children run inside bubblewrap where it works; else under limits alone.
  bool sandbox = true;
  /// Also run under the debug build of the same version, where this machine has one.
  bool debug_build = false;
  /// Without it a module that imports and works in all interpreters at once gets that one level and nothing is looked
  /// for; one that does not gets all levels.
  bool evidence = true;
  /// Child processes of one module at the same time.
  unsigned children = 1;
  /// An interpreter that was started early, for whichever module comes first; null: none.
  ServerAhead* ahead = nullptr;
  /// Called from several threads.
  std::function<void(const std::string& module, const std::string& level)> progress{};
};

struct ProbeInput {
  std::string module{};
  std::string path{};
  std::string import_root{};
  /// From the bytes: the module declares own-GIL support. Undeclared modules get the forced level.
  bool declares_own_gil = false;
  /// A Python file that uses the module, run in each interpreter in each round; empty: none.
  std::string exercise{};
  /// Test files of the module's distribution, to run under pytest in each interpreter.
  std::vector<std::string> tests{};
};

struct ProbeResult {
  model::RunFacts run{};
  std::vector<model::Gap> gaps{};
  /// For Report::notes: how evidence was gathered, where that is not as usual.
  std::vector<std::string> notes{};
};

/// Runs one module through every level that can matter, each in a fresh child process of `interpreter`. Whatever the
/// module does there (crash, hang, exit, fork, closed descriptors) becomes a phase; the call always returns.
ProbeResult probe(const ProbeInput& input, const model::Interpreter& interpreter, const ProbeOptions& options);

}  // namespace isoaudit::loader_probe
