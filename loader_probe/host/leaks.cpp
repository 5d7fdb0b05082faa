#include "loader_probe/host/leaks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

using llvm::json::Object;
using model::Leak;

constexpr std::size_t kRoundsOfTrend = 3;

std::set<std::string> types_in(const Object& row) {
  std::set<std::string> names;
  const llvm::json::Array* types = row.getArray("types");
  if (!types) return names;
  for (const llvm::json::Value& type : *types) names.insert(type.getAsString().value_or("").str());
  return names;
}

}  // namespace

std::vector<Leak> find_leaks(const EventLog& log, bool count_blocks) {
  std::vector<const Object*> rounds;
  const Object* usual = nullptr;
  for (const Object* row : log.named(events::left)) {
    const std::int64_t round = integer_of(*row, "round");
    if (round < 0) usual = row;
    // The first one fills what is filled once in a process.
    if (round > 0) rounds.push_back(row);
  }
  std::vector<Leak> leaks;
  if (!usual || rounds.size() < kRoundsOfTrend) return leaks;
  const auto count = static_cast<unsigned>(rounds.size());

  std::map<std::string, unsigned> types;
  for (const Object* row : rounds) {
    for (const std::string& name : types_in(*row)) ++types[name];
  }
  for (const auto& [name, seen] : types) {
    if (seen == count) leaks.push_back({Leak::Kind::type, name, 1, count});
  }
  const auto growth = [&](Leak::Kind kind, const char* key) {
    const auto fewer = [&](const Object* a, const Object* b) { return integer_of(*a, key) < integer_of(*b, key); };
    const std::int64_t least = integer_of(**std::ranges::min_element(rounds, fewer), key) - integer_of(*usual, key);
    if (least > 0) leaks.push_back({kind, "", least, count});
    return least > 0;
  };
  growth(Leak::Kind::threads, "threads");
  growth(Leak::Kind::descriptors, "descriptors");
  // An arena with one block in it stays mapped: the block is then the cause.
  if (count_blocks && !growth(Leak::Kind::blocks, "blocks")) growth(Leak::Kind::mappings, "mappings");
  std::ranges::sort(leaks);
  return leaks;
}

}  // namespace isoaudit::loader_probe
