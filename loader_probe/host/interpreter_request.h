#pragma once

#include <string>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/probe.h"

namespace isoaudit::loader_probe {

inline constexpr char kProbeLibraryName[] = "isoaudit_probe.so";

/// The probe's shared object: the one that the options name, or the one beside the program. Empty: there is none.
std::string find_probe_library(const ProbeOptions& options);

/// `executable` with the probe's shared object `library` inside, for one level in a process of its own. `sandbox` is
/// bubblewrap's path or empty.
ChildRequest interpreter_for_level(const std::string& executable, const ProbeOptions& options,
                                   const std::string& library, const std::string& sandbox);
/// The same as a fork server.
ChildRequest serving_interpreter(const std::string& executable, const ProbeOptions& options, const std::string& library,
                                 const std::string& sandbox);

}  // namespace isoaudit::loader_probe
