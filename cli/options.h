#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "analyzer/archive/limits.h"
#include "cli/config.h"
#include "model/finding.h"

namespace isoaudit::cli {

/// The user's mistake: caught once, in main, as exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Command { audit, scan, inspect, probe, explain };

/// A report to write: `file` empty means stdout.
struct Output {
  std::string format{};
  std::string file{};
};

struct Options {
  Command command = Command::audit;
  std::vector<std::string> targets{};
  /// -r: files that name installed distributions.
  std::vector<std::string> requirement_files{};
  std::vector<std::string> pythons{};
  std::vector<std::string> build_dirs{};
  /// Where facts of sources are kept for the next time; empty: where the user's caches are.
  std::string cache_dir{};
  bool no_cache = false;
  /// Projects are built, in a copy, and what their builds record and make is read: foreign code runs.
  bool build = false;
  double build_timeout = 1800;
  std::vector<Output> outputs{};
  /// --config.
  Config config{};
  /// Findings at least this severe end in status 1; empty: none does (--fail-on never).
  std::optional<model::Severity> fail_on = model::Severity::hazard;
  std::vector<std::string> select{};
  std::vector<std::string> ignore{};
  /// What a wheel or source archive may ask for.
  analyzer::ArchiveLimits archive_limits{};
  unsigned jobs = 0;
  unsigned interpreters = 4;
  unsigned rounds = 3;
  double timeout = 30;
  bool run_probe = true;
  /// `inspect --code`: machine code is read as well, and the report shows what it writes.
  bool read_code = false;
  /// `--no-code`: no machine code is read, although `isolated` needs it.
  bool no_code = false;
  /// A Python file that uses the modules; a folder of such, one for each module or distribution.
  std::string exercise{};
  std::string exercise_dir{};
  /// `--exercise tests`: what the modules' own distributions test.
  bool exercise_tests = false;
  /// Children run in bubblewrap where it works.
  bool sandbox = true;
  bool debug_build = false;
  bool evidence = true;
  bool quiet = false;
  bool verbose = false;
  /// Colours on stdout.
  bool color = false;
  /// `explain`: empty lists all rules.
  std::string rule{};
};

/// Reads the command line. Nothing when there is nothing left to do (--help, --version: printed). Throws UsageError.
std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace isoaudit::cli
