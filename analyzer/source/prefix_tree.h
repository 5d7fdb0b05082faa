#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/project_files.h"

namespace isoaudit::analyzer {

/// A unit goes on by itself: its text from `skip` on.
struct OwnRest {
  std::size_t unit = 0;
  std::size_t skip = 0;
  /// content_hash of the text that `skip` was found in.
  std::string content{};
  /// Headers that its directives so far name in quotes, and that do not lie in its own folder.
  std::vector<std::string> not_beside{};
  /// The unit begins in a way of its own, and comes to the headers of the node there.
  bool is_late = false;
  /// Its own command's -D, as directives, and -I, where the node's command has none or fewer.
  std::string macros{};
  std::vector<std::string> folders{};
};

/// Directives that all units below begin with, after those of the nodes above.
struct PrefixNode {
  std::string text{};
  /// The unit in whose folder `text` stands; in the others' folders it means the same.
  std::size_t place = 0;
  /// First those that are not late.
  std::vector<OwnRest> units{};
  std::vector<PrefixNode> next{};
  /// The units include other people's headers in orders of their own: those of `text` and, parsed behind it, these
  /// #include lines. HeadersAhead sees to it that nobody finds what he did not include. Such a node has no `next`.
  bool is_ahead = false;
  std::string behind{};
};

/// Units of one command, the files' names aside; or of commands that differ in -D and -I, and then one without them.
struct UnitGroup {
  std::size_t units = 0;
  CompileCommand command{};
  PrefixNode root{};
};

/// Every unit of `which` in one group, the largest groups first. What the same bytes of a prefix mean depends on the
/// command, on what lies beside the unit, and on nothing else.
std::vector<UnitGroup> group_units(const std::vector<CompileCommand>& commands, const std::vector<std::size_t>& which,
                                   const ProjectFiles& project);

}  // namespace isoaudit::analyzer
