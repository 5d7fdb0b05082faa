#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"

namespace isoaudit::analyzer {

/// A command in which what differs between the units of one build stands apart.
struct CommandParts {
  /// The command without them.
  CompileCommand bare{};
  /// -D, as `#define` lines, in order.
  std::vector<std::string> macros{};
  /// -I, in order, as the command has them.
  std::vector<std::string> folders{};
};

/// Nothing for commands that cannot be taken apart.
std::optional<CommandParts> part_command(const CompileCommand& command);

/// Where a name in a command leads, from its folder.
std::string absolute_path(const CompileCommand& command, const std::string& path);

}  // namespace isoaudit::analyzer
