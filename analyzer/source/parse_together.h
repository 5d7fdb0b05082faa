#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analyzer/source/parse_unit.h"
#include "analyzer/source/prefix_tree.h"

/// Most of what a unit costs is Python.h and its like. Units that begin alike are begun once: the process that parsed
/// their common directives forks, and each child goes on with its own unit, as if it had parsed the beginning itself.
/// Units that begin differently and come to the same Python.h share it too: see HeadersAhead.
/// No precompiled header is written or read: the parser's state is what they share.
namespace isoaudit::analyzer {

struct Together {
  const std::vector<CompileCommand>& commands;
  const ProjectFiles& project;
  const ParseOptions& options;
  /// True in the child.
  std::function<bool()> fork{};
  /// Until all children have ended.
  std::function<void()> wait{};
  /// The lookups so far are common to all that follows. Called once for each node, before its first fork.
  std::function<void(RecordedFiles&)> parted{};
  /// The facts of one unit, in its process.
  std::function<void(std::size_t, const UnitFacts&, RecordedFiles&)> deliver{};
};

/// In a process of its own, that it ends. Units that are not delivered have to be parsed alone: their common beginning
/// has an error, which must be told with each unit's own lines, or asks for the name of the main file.
[[noreturn]] void parse_together(const UnitGroup& group, const Together& how);

}  // namespace isoaudit::analyzer
