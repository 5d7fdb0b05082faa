#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/source/lookups.h"
#include "analyzer/source/unit_facts.h"

/// Facts of a unit as bytes that one process writes and another reads, perhaps days later.
namespace isoaudit::analyzer {

std::string to_bytes(const UnitFacts& facts);
/// False when the bytes are none that to_bytes wrote; never throws.
bool from_bytes(std::string_view bytes, UnitFacts& facts);

std::string to_bytes(const std::vector<Lookup>& lookups);
bool from_bytes(std::string_view bytes, std::vector<Lookup>& lookups);

/// One unit in the cache.
struct CachedUnit {
  /// Names of sets of lookups that several units share.
  std::vector<std::string> shared{};
  std::vector<Lookup> own{};
  UnitFacts facts{};
};

std::string to_bytes(const CachedUnit& unit);
bool from_bytes(std::string_view bytes, CachedUnit& unit);

std::string to_bytes(const model::SourceFacts& facts);
bool from_bytes(std::string_view bytes, model::SourceFacts& facts);

/// All units of a program in the cache.
struct CachedProgram {
  std::vector<Lookup> lookups{};
  /// Of the entry that holds its facts: to see that nothing has changed, nobody has to read them.
  std::string facts_name{};
  std::vector<model::Gap> gaps{};
};

std::string to_bytes(const CachedProgram& program);
bool from_bytes(std::string_view bytes, CachedProgram& program);

}  // namespace isoaudit::analyzer
