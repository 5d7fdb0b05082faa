#include "analyzer/source/facts_cache.h"

#include <fcntl.h>
#include <llvm/ADT/StringExtras.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <set>

#include "analyzer/source/unit_record.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view magic = "isoaudit facts\n";
constexpr std::string_view temporary = ".being-written-";
constexpr std::size_t hash_size = 20;
using Size = std::uint64_t;

std::string hex(const std::string& bytes) { return llvm::toHex(bytes, true); }

void add(std::string& key, const std::string& part) { key += std::to_string(part.size()) + ':' + part; }

void add(std::string& key, const CompileCommand& command) {
  add(key, command.file);
  add(key, command.directory);
  for (const std::string& word : command.arguments) add(key, word);
}

/// What the file's head vouches for; nothing when it does not.
std::optional<std::string> read_entry(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string bytes;
  struct stat status{};
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t part = read(file, bytes.data() + got, bytes.size() - got);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) break;
    got += static_cast<std::size_t>(part);
  }
  close(file);
  const std::size_t head = magic.size() + sizeof(Size) + hash_size;
  if (got != bytes.size() || got < head || !bytes.starts_with(magic)) return std::nullopt;
  Size size = 0;
  std::memcpy(&size, bytes.data() + magic.size(), sizeof size);
  std::string payload = bytes.substr(head);
  if (payload.size() != size || content_hash(payload) != bytes.substr(head - hash_size, hash_size)) return std::nullopt;
  return payload;
}

}  // namespace

FactsCache::FactsCache(std::string folder, const std::string& context) : folder_(std::move(folder)) {
  add(context_, context);
}

std::string FactsCache::entry(const CompileCommand& command) const {
  std::string key = context_;
  add(key, command);
  return folder_ + "/" + hex(content_hash(key)) + ".unit";
}

std::string FactsCache::program_entry(const std::vector<CompileCommand>& commands, bool is_guess) const {
  std::string key = context_;
  add(key, is_guess ? "guessed" : "told");
  for (const CompileCommand& command : commands) {
    add(key, std::to_string(command.arguments.size()));
    add(key, command);
  }
  return folder_ + "/" + hex(content_hash(key)) + ".program";
}

std::string FactsCache::file_of_shared(const std::string& name) const { return folder_ + "/" + name + ".lookups"; }

std::optional<UnitFacts> FactsCache::find(const CompileCommand& command) {
  if (!on()) return std::nullopt;
  const std::string path = entry(command);
  const std::optional<std::string> payload = read_entry(path);
  CachedUnit unit;
  if (!payload || !from_bytes(*payload, unit)) return std::nullopt;
  if (!std::ranges::all_of(unit.shared, [&](const std::string& name) { return shared_holds(name); }) ||
      !std::ranges::all_of(unit.own, [&](const Lookup& lookup) { return checker_.holds(lookup); })) {
    return std::nullopt;
  }
  // The newest stay longest.
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return std::move(unit.facts);
}

std::optional<LinkedProgram> FactsCache::find_program(const std::vector<CompileCommand>& commands, bool is_guess) {
  if (!on()) return std::nullopt;
  const std::string path = program_entry(commands, is_guess);
  const std::optional<std::string> payload = read_entry(path);
  CachedProgram program;
  if (!payload || !from_bytes(*payload, program)) return std::nullopt;
  if (!std::ranges::all_of(program.lookups, [&](const Lookup& lookup) { return checker_.holds(lookup); })) {
    return std::nullopt;
  }
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return std::move(program.linked);
}

std::optional<std::vector<Lookup>> FactsCache::lookups_of(const std::vector<CompileCommand>& commands,
                                                          const std::vector<UnitFacts>& facts) const {
  if (!on()) return std::nullopt;
  std::vector<Lookup> all;
  std::set<std::string> sets;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::optional<std::string> payload = read_entry(entry(commands[i]));
    CachedUnit unit;
    // Another process may have read other files since and kept other facts.
    if (!payload || !from_bytes(*payload, unit) || to_bytes(unit.facts) != to_bytes(facts[i])) return std::nullopt;
    std::ranges::move(unit.own, std::back_inserter(all));
    for (const std::string& name : unit.shared) {
      if (!sets.insert(name).second) continue;
      const std::optional<std::string> bytes = read_entry(file_of_shared(name));
      std::vector<Lookup> lookups;
      if (!bytes || hex(content_hash(*bytes)) != name || !from_bytes(*bytes, lookups)) return std::nullopt;
      std::ranges::move(lookups, std::back_inserter(all));
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void FactsCache::keep_program(const std::vector<CompileCommand>& commands, bool is_guess, std::vector<Lookup> lookups,
                              const LinkedProgram& program) {
  if (on()) write(program_entry(commands, is_guess), to_bytes(CachedProgram{std::move(lookups), program}));
}

bool FactsCache::shared_holds(const std::string& name) {
  const auto [known, is_new] = shared_.try_emplace(name, false);
  if (!is_new) return known->second;
  const std::string path = file_of_shared(name);
  const std::optional<std::string> payload = read_entry(path);
  std::vector<Lookup> lookups;
  // Its name is the hash of what it says.
  if (!payload || hex(content_hash(*payload)) != name || !from_bytes(*payload, lookups)) return false;
  if (!std::ranges::all_of(lookups, [&](const Lookup& lookup) { return checker_.holds(lookup); })) return false;
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return known->second = true;
}

std::string FactsCache::keep_shared(const std::vector<Lookup>& lookups) {
  if (!on()) return {};
  const std::string payload = to_bytes(lookups);
  const std::string name = hex(content_hash(payload));
  const std::string path = file_of_shared(name);
  if (!read_entry(path)) write(path, payload);
  return trouble_.empty() ? name : std::string();
}

void FactsCache::keep(const CompileCommand& command, const UnitFacts& facts, const std::vector<std::string>& shared,
                      std::vector<Lookup> own) {
  if (on()) write(entry(command), to_bytes(CachedUnit{shared, std::move(own), facts}));
}

void FactsCache::write(const std::string& path, const std::string& payload) {
  std::error_code error;
  fs::create_directories(folder_, error);
  std::string name = folder_ + "/" + std::string(temporary) + "XXXXXX";
  const int file = mkostemp(name.data(), O_CLOEXEC);
  int failure = file < 0 ? errno : 0;
  const Size size = payload.size();
  std::string bytes(magic);
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes += content_hash(payload) + payload;
  for (std::size_t put = 0; failure == 0 && put < bytes.size();) {
    const ssize_t wrote = ::write(file, bytes.data() + put, bytes.size() - put);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) failure = errno;
    if (wrote > 0) put += static_cast<std::size_t>(wrote);
  }
  if (file >= 0 && close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0 && rename(name.c_str(), path.c_str()) != 0) failure = errno;
  if (failure == 0) return;
  if (file >= 0) unlink(name.c_str());
  if (trouble_.empty()) trouble_ = folder_ + ": " + strerror(failure);
}

void FactsCache::trim(std::uint64_t most) const {
  if (!on()) return;
  struct Entry {
    fs::file_time_type when{};
    std::uint64_t size = 0;
    fs::path path{};
  };
  std::vector<Entry> entries;
  std::uint64_t all = 0;
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    Entry entry{it->last_write_time(ignored), it->file_size(ignored), it->path()};
    if (ignored) continue;
    if (entry.path.filename().string().starts_with(temporary)) {
      if (now - entry.when > std::chrono::hours(1)) fs::remove(entry.path, ignored);
      continue;
    }
    const std::string kind = entry.path.extension().string();
    if (kind != ".unit" && kind != ".lookups" && kind != ".program") continue;  // not ours
    all += entry.size;
    entries.push_back(std::move(entry));
  }
  if (all <= most) return;
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.when, entry.path); });
  // Below the cap by a quarter, so that not every run has to remove something.
  for (const Entry& entry : entries) {
    if (all <= most / 4 * 3) break;
    std::error_code ignored;
    if (fs::remove(entry.path, ignored)) all -= entry.size;
  }
}

}  // namespace isoaudit::analyzer
