#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/image/mapped_file.h"
#include "model/binary_facts.h"
#include "model/gap.h"

namespace isoaudit::analyzer {

/// What `inspect` is asked to read: the bytes of one file, and what its place in a tree says of it.
struct BinaryInput {
  /// For the report and the gaps.
  std::string path{};
  /// Dotted module name and import root, as analyzer/targets derived them.
  std::string module{};
  std::string import_root{};
  /// The file itself, when it is not on disk under `path` (an archive's member); null: `path` is read.
  std::shared_ptr<const MappedFile> file{};
  /// Is this module's machine code to be read as well? Asked once all else is known; empty: no.
  std::function<bool(const model::BinaryFacts&)> reads_code{};
};

struct BinaryResult {
  /// Empty when the file is no extension module or could not be read; `gaps` then says why.
  std::optional<model::BinaryFacts> facts{};
  /// A universal Mach-O file is a module for each of its machines: the others than that of `facts`.
  std::vector<model::BinaryFacts> other_slices{};
  std::vector<model::Gap> gaps{};
  /// A whole shared object that exports no hook: a library, not a module. `gaps` says so too, for a file that the user
  /// named; in the scan of a folder the caller counts it and drops the gap.
  bool not_an_extension = false;
};

/// Reads one compiled module from `path`. Never throws, never loads it.
BinaryResult collect_binary(const BinaryInput& input);

}  // namespace isoaudit::analyzer
