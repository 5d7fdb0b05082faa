// How the audited interpreter is started: its options, its environment, and the lines that load the probe into it.
#include "loader_probe/host/interpreter_request.h"

#include <filesystem>

#include "loader_probe/host/interpreters.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;

// Loads the shared object into the main interpreter by its path and hands over the two descriptors. Only modules that
// every interpreter has at hand are named: what the audited module needs must not be there already.
constexpr char kLoadProbe[] = R"(
import sys
from _frozen_importlib import ModuleSpec, module_from_spec
from _frozen_importlib_external import ExtensionFileLoader
spec = ModuleSpec('isoaudit_probe', ExtensionFileLoader('isoaudit_probe', sys.argv[1]), origin=sys.argv[1])
probe = module_from_spec(spec)
spec.loader.exec_module(probe)
)";
constexpr char kRunLevel[] = "probe.run(3, 4)\n";
// It says first what it is. What comes after the first line happens in a copy.
constexpr char kServeForks[] = R"(
folder = probe.serve(3, '\n'.join(map(str, answers)), compiles_ahead)
import os
os.environ['HOME'] = os.environ['TMPDIR'] = folder
)";

std::string answering() {
  return std::string("answers = []\nexec('''") + kQuestion +
         "''', {'__name__': 'question', 'print': answers.append})\n";
}

ChildRequest interpreter_request(const std::string& executable, const ProbeOptions& options, const std::string& library,
                                 const std::string& sandbox, const std::string& after_load) {
  ChildRequest request;
  request.executable = executable;
  // faulthandler prints the Python stack when a signal ends the child; -s shuts out the user's own site-packages, -P
  // the working folder. Of PYTHON* settings only the one passes that says where modules are.
  request.arguments = {"-s", "-P", "-X", "faulthandler", "-c", kLoadProbe + after_load, library};
  request.environment = inherited({"PATH", "LD_LIBRARY_PATH", "PYTHONPATH"});
  // All symbols are bound when a file is loaded: no lazy binding may look like a write to the module's memory. The
  // same hashes in each run: what one interpreter does after the other must not change with them.
  for (const char* setting : {"LD_BIND_NOW=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "LANG=C.UTF-8"}) {
    request.environment.emplace_back(setting);
  }
  request.limits.seconds = options.timeout;
  request.sandbox = sandbox;
  return request;
}

}  // namespace

std::string find_probe_library(const ProbeOptions& options) {
  if (!options.probe_library.empty()) return options.probe_library;
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder : {beside, beside / "../lib/isoaudit"}) {
    if (fs::exists(folder / kProbeLibraryName, error)) return (folder / kProbeLibraryName).string();
  }
  return "";
}

ChildRequest interpreter_for_level(const std::string& executable, const ProbeOptions& options,
                                   const std::string& library, const std::string& sandbox) {
  return interpreter_request(executable, options, library, sandbox, kRunLevel);
}

ChildRequest serving_interpreter(const std::string& executable, const ProbeOptions& options, const std::string& library,
                                 const std::string& sandbox) {
  // Where every copy is asked much, what they share is made before the first; else the first starts at once.
  const std::string ahead = std::string("compiles_ahead = ") + (options.evidence ? "True" : "False") + "\n";
  return interpreter_request(executable, options, library, sandbox, answering() + ahead + kServeForks + kRunLevel);
}

}  // namespace isoaudit::loader_probe
