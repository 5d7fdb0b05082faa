#pragma once

#include <string>
#include <vector>

#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/probe.h"

/// The small modules under tests/probe/modules, built for an interpreter when a test asks for one.
namespace isoaudit::tests {

/// Every release interpreter from 3.13 on that this machine has with its headers; at least one, or the test fails.
std::vector<model::Interpreter> interpreters();
/// The same with debug builds.
std::vector<model::Interpreter> interpreters_with_debug();

/// Builds `name` (once for each interpreter and source) and returns what a probe is asked.
loader_probe::ProbeInput build_module(const std::string& name, const model::Interpreter& interpreter);

loader_probe::ProbeOptions probe_options();

/// build_module and probe.
model::RunFacts run_module(const std::string& name, const model::Interpreter& interpreter,
                           const loader_probe::ProbeOptions& options = probe_options());

/// The phase of a level, which must be there.
const model::Phase& phase(const model::RunFacts& run, model::Level level);

/// "ok", "refused", ... with the detail, for messages of failed tests.
std::string told(const model::Phase& phase);

}  // namespace isoaudit::tests
