#include "rules/writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "model/compiler_data.h"
#include "rules/code_variables.h"
#include "rules/variables.h"
#include "rules/writers_text.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

/// The variable that this word belongs to, as the module's machine code treats it.
std::optional<CodeVariable> in_code(const model::Facts& facts, const model::RunFacts& run,
                                    const model::ChangedWord& word) {
  // What lies in a private library, the module's own code does not show.
  if (!word.library.empty()) return {};
  for (const model::BinaryFacts& binary : facts.binaries) {
    if (binary.path != run.path || !binary.code.read) continue;
    for (CodeVariable& v : code_variables(binary)) {
      const bool here = v.section == word.section && word.offset >= v.offset && word.offset - v.offset < v.size;
      if (here || (!word.linkage_name.empty() && v.symbol == word.linkage_name)) return std::move(v);
    }
  }
  return {};
}

/// What the source or the code knows of every write of a variable.
enum class Known {
  nothing,
  guarded,    ///< each is atomic or under a lock; whether an object is stored is open
  explained,  ///< that, and no object
};

Known known_of(const model::Facts& facts, const model::RunFacts& run, const model::ChangedWord& word) {
  Known known = Known::nothing;
  if (const std::optional<CodeVariable> variable = in_code(facts, run, word)) {
    // Other reasons (one value, before the first import) the run has just refuted.
    if (!is_guarded(*variable)) return Known::nothing;
    if (!variable->explained.empty()) return Known::explained;
    known = Known::guarded;
  }
  const std::string name = plain_symbol(word.symbol);
  if (name.empty()) return known;
  // What was not seen may be the write that met another.
  if (std::ranges::any_of(facts.source.units, &model::Unit::incomplete)) return known;
  const model::Variable* match = nullptr;
  for (const model::Variable& variable : facts.source.variables) {
    if (variable.name != name && variable.linkage_name != word.linkage_name) continue;
    if (match != nullptr) return known;
    match = &variable;
  }
  const bool explained =
      match != nullptr && (classify(*match) == VariableKind::harmless || !explain_writes(*match).empty());
  return explained ? Known::explained : known;
}

/// Who left a value of its own there, for whatever time. The value that was there already, written again, harms nobody.
std::vector<std::int64_t> meeting_writers(const model::ChangedWord& word) {
  std::set<std::int64_t> writers(word.writers.begin(), word.writers.end());
  if (word.transient) writers.insert(word.silent_writers.begin(), word.silent_writers.end());
  return {writers.begin(), writers.end()};
}

}  // namespace

std::vector<ConflictingWrite> conflicting_writes(const model::Facts& facts, const model::RunFacts& run) {
  std::map<std::string, ConflictingWrite> found;
  for (const model::Phase& phase : run.phases) {
    for (const model::ChangedWord& word : phase.changed) {
      // One thread runs several interpreters in turn here: what it keeps for itself is no meeting place.
      const std::vector<std::int64_t> writers = meeting_writers(word);
      if (writers.size() < 2 || is_thread_local_section(word.section)) continue;
      if (model::is_compiler_data(word.linkage_name, word.section)) continue;
      const Known known = known_of(facts, run, word);
      if (known == Known::explained) continue;
      const std::string address = address_text(word.library, word.section, word.offset);
      const std::string shown = shown_name(word.symbol, address);
      std::string who;
      for (const std::int64_t writer : writers) who += (who.empty() ? "" : " and ") + std::to_string(writer);
      ConflictingWrite& write = found[shown];
      if (write.overwritten) continue;
      // A count of users that went up and came down again has no last writer; whether it is atomic the run cannot see.
      // Nor can it see a lock: what was replaced under one is no proof of harm.
      const bool overwritten = word.overwritten && !word.balanced && known == Known::nothing;
      write = {word.symbol, word.linkage_name, address, overwritten,
               overwritten ? fmt::format("interpreter {} replaced what interpreter {} had written to `{}` during {}",
                                         word.writers.back(), word.writers.front(), shown, word.step)
                           : fmt::format("interpreters {} both wrote to `{}` during {}", who, shown, word.step)};
      write.text += writers_text(word.by);
    }
  }
  std::vector<ConflictingWrite> writes;
  for (auto& [key, write] : found) writes.push_back(std::move(write));
  return writes;
}

}  // namespace isoaudit::rules
