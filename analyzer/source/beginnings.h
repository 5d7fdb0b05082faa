#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/source/command_parts.h"
#include "analyzer/source/project_files.h"

namespace isoaudit::analyzer {

/// How a unit comes to Python.h, as far as a look at its lines tells. A guess: who relies on it has to see for himself.
struct Beginning {
  /// Those of the command's own definitions that Python.h names.
  std::string told{};
  /// Directives behind them that leave Python.h what it finds in the unit: no macro that it does not name, none that is
  /// taken back, and not what the project's headers are called. Where both are equal, Python.h is worth one parse.
  std::string text{};
  /// Where Python.h was found.
  std::string python{};
  /// No header of the project comes before it.
  bool is_direct = false;
  /// #include lines of other people's headers that the unit comes by behind it, each once, in order, but for those that
  /// name a macro of its own; and the folder of the command that each was found in.
  std::vector<std::pair<std::string, std::string>> behind{};
};

/// Reads each file once, for all units.
class Beginnings {
 public:
  class Texts;

  explicit Beginnings(const ProjectFiles& project);
  ~Beginnings();
  Beginnings(const Beginnings&) = delete;
  Beginnings& operator=(const Beginnings&) = delete;

  /// Nothing when Python.h does not come, or is the project's own.
  std::optional<Beginning> of(const CommandParts& command);

 private:
  std::unique_ptr<Texts> texts_;
  const ProjectFiles& project_;
};

}  // namespace isoaudit::analyzer
