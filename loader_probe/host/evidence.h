#pragma once

#include <string>
#include <vector>

#include "loader_probe/host/event_log.h"
#include "model/python_version.h"
#include "model/run_facts.h"

namespace isoaudit::loader_probe {

struct Evidence {
  std::vector<model::SharedObject> shared{};
  std::vector<model::SharedObject> behind{};
  std::vector<model::ChangedWord> changed{};
};

/// Names the places that the child reported by address, and leaves out what the import system and the dynamic linker
/// write by right. `module_path` is the audited file. `tracked`, when given, is the log of a child that did the same
/// with its writes tracked: it tells who wrote. Sorted.
Evidence collect_evidence(const EventLog& log, const std::string& module_path, const model::Interpreter& interpreter,
                          const EventLog* tracked = nullptr);

}  // namespace isoaudit::loader_probe
