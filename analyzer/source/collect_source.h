#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "analyzer/source/project_settings.h"
#include "analyzer/source/users_names.h"
#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

struct SourceOptions {
  /// Files or folders that the user named: definitions below them are the project's own.
  std::vector<std::string> roots{};
  /// Folders to look for compile_commands.json in first (-p); when empty it is looked for beside and above the roots.
  std::vector<std::string> build_dirs{};
  /// Where no compile command names a unit below the roots, units and commands are guessed, with the help of what
  /// could be read of the build.
  bool guess = false;
  std::vector<ProjectSettings> settings{};
  /// What a unit may take of whose command nobody knows that it is compiled at all: CPU time and memory.
  unsigned guessed_seconds = 60;
  std::size_t guessed_memory = std::size_t{2} << 30;
  /// Headers of the audited interpreter, for commands that name no Python of their own; may be empty.
  std::string python_include{};
  /// Commands that name another installed Python's headers get these instead: the facts are those of one Python.
  bool only_that_python = false;
  UsersNames names{};
  /// Units parsed at once; 0 means one for each core.
  unsigned jobs = 0;
  /// Where facts of units are kept for the next time; empty: nowhere.
  std::string cache_dir{};
  /// Facts that are kept there are brought packed: who has seen them before does not read them again.
  bool leave_packed = false;
  /// Called when a unit is done: done, all. May be empty.
  std::function<void(std::size_t, std::size_t)> progress{};
};

/// SourceFacts as they lie in the cache.
struct PackedFacts {
  std::string bytes{};

  bool empty() const { return bytes.empty(); }
  model::SourceFacts unpacked() const;
};

struct SourceResult {
  model::SourceFacts facts{};
  /// In place of `facts`: when those were asked for and nothing has changed.
  PackedFacts packed{};
  /// A hash of the facts, packed or not; empty when they are not kept.
  std::string facts_name{};
  std::vector<model::Gap> gaps{};
  /// No compile_commands.json belongs to the roots; no unit was read, unless commands were guessed.
  bool no_commands = false;
  /// What a reader should know and that leaves nothing open.
  std::vector<model::Gap> notes{};
  /// How many units were not parsed, because nothing that their facts hang on has changed since the last time.
  std::size_t cached_units = 0;
  /// Why facts could not be kept; the result is whole all the same. Empty when all went well.
  std::string cache_trouble{};
};

/// Parses every unit of the compile commands whose file lies below the roots and collects facts. Never throws: a unit
/// that does not compile becomes a gap with its first error, and what could be seen of it is kept. The result is
/// sorted and depends neither on `jobs` nor on the cache. The calling process must have no other threads. Clang and
/// LLVM stay behind this header.
SourceResult collect_source(const SourceOptions& options);

}  // namespace isoaudit::analyzer
