#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/kept_entries.h"
#include "analyzer/source/linked_program.h"
#include "analyzer/source/lookups.h"
#include "analyzer/source/unit_facts.h"

namespace isoaudit::analyzer {

/// What the units of a program said together when it was kept.
struct KeptProgram {
  /// SourceFacts as they lie in the cache: unit_record.h reads them.
  std::string facts{};
  std::string facts_name{};  ///< a hash of them
  std::vector<model::Gap> gaps{};
};

/// Facts of units on disk, under their commands, and what all units of a program say together, under all of them; an
/// entry counts only while every question that the parse asked of the file system has the same answer, which is asked
/// again each time.
class FactsCache {
 public:
  /// `folder` empty: nothing is kept. `context`: all beside a unit's command that its facts hang on.
  FactsCache(std::string folder, const std::string& context);

  bool on() const { return entries_.on(); }
  /// In the process that asks for all units: what it has read of the files, it does not read again.
  std::optional<UnitFacts> find(const CompileCommand& command);

  /// What the units of these commands said together; `is_guess`: the commands were guessed.
  std::optional<KeptProgram> find_program(const std::vector<CompileCommand>& commands, bool is_guess);
  /// Everything that the facts of all these units hang on, sorted; nothing when one of them is not kept with the very
  /// facts that are given: then nobody knows what the whole would hang on. What find() gave is taken as it was given.
  std::optional<std::vector<Lookup>> lookups_of(const std::vector<CompileCommand>& commands,
                                                const std::vector<UnitFacts>& facts) const;
  /// Returns what to call its facts; nothing when they are not kept.
  std::string keep_program(const std::vector<CompileCommand>& commands, bool is_guess, std::vector<Lookup> lookups,
                           const LinkedProgram& program);

  /// Keeps lookups that several units share, and returns how to call them in keep(); empty when it failed.
  std::string keep_shared(const std::vector<Lookup>& lookups);
  void keep(const CompileCommand& command, const UnitFacts& facts, const std::vector<std::string>& shared,
            std::vector<Lookup> own);
  /// The first thing that went wrong in this process while something was to be kept.
  const std::string& trouble() const { return entries_.trouble(); }

  void trim(std::uint64_t most) const { entries_.trim(most); }

 private:
  /// What the facts of a unit hang on.
  struct Grounds {
    std::vector<std::string> shared{};
    std::vector<Lookup> own{};
  };
  std::optional<Grounds> grounds_of(const CompileCommand& command, const UnitFacts& facts) const;
  std::string entry(const CompileCommand& command) const;
  std::string program_entry(const std::vector<CompileCommand>& commands, bool is_guess) const;
  bool shared_holds(const std::string& name);

  KeptEntries entries_;
  std::string context_{};
  LookupChecker checker_{};
  std::unordered_map<std::string, bool> shared_{};
  /// By entry: of the units that find() gave.
  std::unordered_map<std::string, Grounds> found_{};
};

}  // namespace isoaudit::analyzer
