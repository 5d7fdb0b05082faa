#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"

namespace isoaudit::analyzer {

/// A unit goes on by itself: its text from `skip` on.
struct OwnRest {
  std::size_t unit = 0;
  std::size_t skip = 0;
  /// content_hash of the text that `skip` was found in.
  std::string content{};
  /// Headers that its directives so far name in quotes, and that do not lie in its own folder.
  std::vector<std::string> not_beside{};
};

/// Directives that all units below begin with, after those of the nodes above.
struct PrefixNode {
  std::string text{};
  /// The unit in whose folder `text` stands; in the others' folders it means the same.
  std::size_t place = 0;
  std::vector<OwnRest> units{};
  std::vector<PrefixNode> next{};
};

/// Units of one command, the files' names aside.
struct UnitGroup {
  std::size_t units = 0;
  PrefixNode root{};
};

/// Every unit of `which` in one group, the largest groups first. What the same bytes of a prefix mean depends on the
/// command, on what lies beside the unit, and on nothing else.
std::vector<UnitGroup> group_units(const std::vector<CompileCommand>& commands, const std::vector<std::size_t>& which);

}  // namespace isoaudit::analyzer
