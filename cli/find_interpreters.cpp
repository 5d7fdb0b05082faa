#include "cli/find_interpreters.h"

#include <algorithm>
#include <vector>

#include "loader_probe/host/interpreters.h"

namespace isoaudit::cli {

using model::Facts;

void find_interpreters(const Options& options, Facts& facts) {
  std::vector<loader_probe::InterpreterResult> results;
  for (const std::string& wanted : options.pythons) results.push_back(loader_probe::find_interpreter(wanted));
  // Without --python: the newest on the machine. Reading alone does not need one.
  const bool runs = options.run_probe && (options.command == Command::audit || options.command == Command::probe);
  if (options.pythons.empty()) {
    results.push_back(loader_probe::find_default_interpreter());
    if (!runs && !results.back().interpreter) results.pop_back();
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& [interpreter, error] = results[i];
    if (!interpreter) {
      facts.gaps.push_back({i < options.pythons.size() ? "--python " + options.pythons[i] : "--python", error});
    } else if (std::ranges::find(facts.pythons, interpreter->id, &model::Interpreter::id) == facts.pythons.end()) {
      facts.pythons.push_back(*interpreter);
    }
  }
}

}  // namespace isoaudit::cli
