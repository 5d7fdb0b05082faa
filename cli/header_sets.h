#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// Headers that sources are read with, and the Pythons for which they are.
struct HeaderSet {
  /// The folder of Python.h; empty: none but what the commands name.
  std::string folder{};
  /// The user named the Pythons: their headers count instead of others that commands name.
  bool asked_for = false;
  /// Ids.
  std::vector<std::string> pythons{};
};

/// One for each folder of headers that the audited Pythons have, in their order. When the user named none there is one,
/// since then the commands' own headers are as good as any.
std::vector<HeaderSet> header_sets(const Options& options, const std::vector<model::Interpreter>& pythons);

/// Pythons that the user named and whose headers are not there: what was read in their place is no answer for them.
std::vector<model::Gap> missing_headers(const std::vector<HeaderSet>& sets);

/// What was read with one set.
struct ReadWith {
  std::vector<std::string> pythons{};
  model::SourceFacts facts{};
  std::vector<model::Gap> gaps{};
  std::vector<std::string> notes{};
};

/// Puts it into the facts: views only where what was read differs; a gap that not all have names its Pythons.
void put_sources(std::vector<ReadWith> read, model::Facts& facts);

}  // namespace isoaudit::cli
