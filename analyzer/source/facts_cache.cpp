#include "analyzer/source/facts_cache.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "analyzer/source/unit_record.h"

namespace isoaudit::analyzer {
namespace {

void add(std::string& key, const std::string& part) { key += std::to_string(part.size()) + ':' + part; }

void add(std::string& key, const CompileCommand& command) {
  add(key, command.file);
  add(key, command.directory);
  for (const std::string& word : command.arguments) add(key, word);
}

}  // namespace

FactsCache::FactsCache(std::string folder, const std::string& context) : entries_(std::move(folder)) {
  add(context_, context);
}

std::string FactsCache::entry(const CompileCommand& command) const {
  std::string key = context_;
  add(key, command);
  return entry_name(key, ".unit");
}

std::string FactsCache::program_entry(const std::vector<CompileCommand>& commands, bool is_guess) const {
  std::string key = context_;
  add(key, is_guess ? "guessed" : "told");
  for (const CompileCommand& command : commands) {
    add(key, std::to_string(command.arguments.size()));
    add(key, command);
  }
  return entry_name(key, ".program");
}

std::optional<UnitFacts> FactsCache::find(const CompileCommand& command) {
  if (!on()) return std::nullopt;
  const std::string name = entry(command);
  const std::optional<std::string> payload = entries_.get(name);
  CachedUnit unit;
  if (!payload || !from_bytes(*payload, unit)) return std::nullopt;
  if (!std::ranges::all_of(unit.shared, [&](const std::string& set) { return shared_holds(set); }) ||
      !std::ranges::all_of(unit.own, [&](const Lookup& lookup) { return checker_.holds(lookup); })) {
    return std::nullopt;
  }
  entries_.touch(name);
  found_[name] = {std::move(unit.shared), std::move(unit.own)};
  return std::move(unit.facts);
}

std::optional<KeptProgram> FactsCache::find_program(const std::vector<CompileCommand>& commands, bool is_guess) {
  if (!on()) return std::nullopt;
  const std::string name = program_entry(commands, is_guess);
  const std::optional<std::string> payload = entries_.get(name);
  CachedProgram program;
  if (!payload || !from_bytes(*payload, program)) return std::nullopt;
  if (!std::ranges::all_of(program.lookups, [&](const Lookup& lookup) { return checker_.holds(lookup); })) {
    return std::nullopt;
  }
  std::optional<std::string> facts = entries_.get_content(program.facts_name);
  if (!facts) return std::nullopt;
  entries_.touch(name);
  entries_.touch(program.facts_name);
  return KeptProgram{*std::move(facts), std::move(program.facts_name), std::move(program.gaps)};
}

std::optional<FactsCache::Grounds> FactsCache::grounds_of(const CompileCommand& command, const UnitFacts& facts) const {
  const std::string name = entry(command);
  if (const auto found = found_.find(name); found != found_.end()) return found->second;
  const std::optional<std::string> payload = entries_.get(name);
  CachedUnit unit;
  // Another process may have read other files since and kept other facts.
  if (!payload || !from_bytes(*payload, unit) || unit.facts != facts) return std::nullopt;
  return Grounds{std::move(unit.shared), std::move(unit.own)};
}

std::optional<std::vector<Lookup>> FactsCache::lookups_of(const std::vector<CompileCommand>& commands,
                                                          const std::vector<UnitFacts>& facts) const {
  if (!on()) return std::nullopt;
  std::vector<Lookup> all;
  std::set<std::string> sets;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    std::optional<Grounds> unit = grounds_of(commands[i], facts[i]);
    if (!unit) return std::nullopt;
    std::ranges::move(unit->own, std::back_inserter(all));
    for (const std::string& name : unit->shared) {
      if (!sets.insert(name).second) continue;
      const std::optional<std::string> bytes = entries_.get_content(name);
      std::vector<Lookup> lookups;
      if (!bytes || !from_bytes(*bytes, lookups)) return std::nullopt;
      std::ranges::move(lookups, std::back_inserter(all));
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::string FactsCache::keep_program(const std::vector<CompileCommand>& commands, bool is_guess,
                                     std::vector<Lookup> lookups, const LinkedProgram& program) {
  std::string facts_name = entries_.put_content(to_bytes(program.facts), ".facts");
  if (facts_name.empty()) return {};
  entries_.put(program_entry(commands, is_guess),
               to_bytes(CachedProgram{std::move(lookups), facts_name, program.gaps}));
  return facts_name;
}

bool FactsCache::shared_holds(const std::string& name) {
  const auto [known, is_new] = shared_.try_emplace(name, false);
  if (!is_new) return known->second;
  const std::optional<std::string> payload = entries_.get_content(name);
  std::vector<Lookup> lookups;
  if (!payload || !from_bytes(*payload, lookups)) return false;
  if (!std::ranges::all_of(lookups, [&](const Lookup& lookup) { return checker_.holds(lookup); })) return false;
  entries_.touch(name);
  return known->second = true;
}

std::string FactsCache::keep_shared(const std::vector<Lookup>& lookups) {
  return entries_.put_content(to_bytes(lookups), ".lookups");
}

void FactsCache::keep(const CompileCommand& command, const UnitFacts& facts, const std::vector<std::string>& shared,
                      std::vector<Lookup> own) {
  if (on()) entries_.put(entry(command), to_bytes(CachedUnit{shared, std::move(own), facts}));
}

}  // namespace isoaudit::analyzer
