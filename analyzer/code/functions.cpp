#include "analyzer/code/functions.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "analyzer/code/unwind_table.h"

namespace isoaudit::analyzer {
namespace {

/// More than any real module has; a hostile table ends here.
constexpr std::size_t most_functions = 4'000'000;

/// Where functions begin, and where they end or what they are called, as they come: mostly in order, and nearly as many
/// as there are functions.
template <typename What>
using ByStart = std::vector<std::pair<std::uint64_t, What>>;
using Ends = ByStart<std::uint64_t>;
using FunctionNames = ByStart<std::string_view>;

/// What was said first of each stays.
template <typename What>
void sort_by_start(ByStart<What>& rows) {
  const auto start = [](const auto& row) { return row.first; };
  if (!std::ranges::is_sorted(rows, {}, start)) std::ranges::stable_sort(rows, {}, start);
  const auto same = std::ranges::unique(rows, {}, start);
  rows.erase(same.begin(), same.end());
}

template <typename What>
auto first_from(const ByStart<What>& rows, std::uint64_t address) {
  return std::ranges::lower_bound(rows, address, {}, [](const auto& row) { return row.first; });
}

void add_unwind_ranges(const Image& image, Ends& ends) {
  const Section* section = image.section_named(".eh_frame");
  if (section == nullptr) return;
  each_unwind_range(*section, [&](std::uint64_t begin, std::uint64_t end) {
    if (ends.size() < most_functions) ends.emplace_back(begin, end);
  });
}

std::uint32_t word_at(std::span<const std::uint8_t> bytes, std::size_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// The length that an ARM64 entry gives: packed into its second word, or in the first of the record that it points to.
std::uint64_t arm64_length(const Image& image, std::uint32_t word) {
  constexpr std::uint32_t packed = 3;
  if ((word & packed) != 0) return std::uint64_t{(word >> 2) & 0x7FF} * 4;
  const auto record = image.number_at(image.functions.base + word, 4);
  return record ? (*record & 0x3FFFF) * 4 : 0;
}

/// A later piece of the function before it (UNW_FLAG_CHAININFO).
bool is_continued(const Image& image, std::uint32_t unwind_data) {
  constexpr std::uint64_t chained = 4;
  const auto head = image.number_at(image.functions.base + unwind_data, 1);
  return head && ((*head >> 3) & chained) != 0;
}

/// Windows' .pdata; functions that need no unwinding are not in it.
void add_unwind_entries(const Image& image, Ends& ends) {
  const FunctionTable& table = image.functions;
  const bool arm = table.kind == FunctionTable::Kind::unwind_arm64;
  const std::size_t each = arm ? 8 : 12;
  std::uint64_t before_end = 0;
  for (std::size_t at = 0; at + each <= table.bytes.size() && ends.size() < most_functions; at += each) {
    const std::uint64_t begin = table.base + word_at(table.bytes, at);
    const std::uint32_t second = word_at(table.bytes, at + 4);
    const std::uint64_t end = arm ? begin + arm64_length(image, second) : table.base + second;
    if (end <= begin) continue;
    if (!arm && !ends.empty() && begin == before_end && is_continued(image, word_at(table.bytes, at + 8))) {
      ends.back().second = end;
    } else {
      ends.emplace_back(begin, end);
    }
    before_end = end;
  }
}

/// Mach-O's list says where functions begin; each ends where the next one does, or its section.
void add_function_starts(const Image& image, Ends& ends) {
  std::uint64_t place = image.functions.base, distance = 0, before = 0;
  unsigned shift = 0;
  for (const std::uint8_t byte : image.functions.bytes) {
    if (shift < 64) distance |= std::uint64_t{byte & 0x7Fu} << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    // What follows a zero is padding.
    if (distance == 0 || ends.size() >= most_functions) break;
    place += distance;
    if (before != 0 && place > before) ends.emplace_back(before, place);
    before = place;
    distance = 0, shift = 0;
  }
  const Section* section = image.section_at(before);
  if (before != 0 && section != nullptr) ends.emplace_back(before, section->address + section->size);
}

/// Entries of the linker's tables have unwind entries as a whole, and nothing in them writes variables.
bool is_stub_section(std::string_view name) { return name.starts_with(".plt") || name.starts_with("__TEXT,__stub"); }

}  // namespace

std::vector<FunctionRange> find_functions(const Image& image) {
  Ends ends;
  switch (image.functions.kind) {
    case FunctionTable::Kind::none: add_unwind_ranges(image, ends); break;
    case FunctionTable::Kind::unwind_x64:
    case FunctionTable::Kind::unwind_arm64: add_unwind_entries(image, ends); break;
    case FunctionTable::Kind::starts: add_function_starts(image, ends); break;
  }
  FunctionNames names;
  for (const Symbol& symbol : image.symbols) {
    if (symbol.kind != Symbol::Kind::function) continue;
    names.emplace_back(symbol.address, symbol.name);
    if (symbol.size != 0 && ends.size() < most_functions) {
      ends.emplace_back(symbol.address, symbol.address + symbol.size);
    }
  }
  for (const std::uint64_t address : image.initializers) names.emplace_back(address, std::string_view());
  sort_by_start(ends);
  sort_by_start(names);
  const auto name_at = [&](std::uint64_t address) {
    const auto name = first_from(names, address);
    return name == names.end() || name->first != address ? std::string() : std::string(name->second);
  };
  std::vector<FunctionRange> functions;
  const auto add = [&](std::uint64_t begin, std::uint64_t end, bool unwound = false) {
    unwound = unwound && end - begin <= longest_function;
    for (; begin < end && end - begin > longest_function; begin += longest_function) {
      functions.push_back({begin, begin + longest_function, name_at(begin)});
    }
    if (begin < end) functions.push_back({begin, end, name_at(begin), unwound});
  };
  // Hostile files let sections overlap: bytes that were cut once are not cut again.
  std::uint64_t covered = 0;
  // Windows' tables leave out functions that need no unwinding: several may lie between two entries, each aligned and
  // with breakpoints before it.
  std::vector<std::uint64_t> cuts;
  const auto add_gap = [&](const Section& section, std::uint64_t begin, std::uint64_t end) {
    constexpr std::uint64_t alignment = 16;
    constexpr std::uint8_t breakpoint = 0xCC;
    cuts.clear();
    if (image.functions.kind == FunctionTable::Kind::unwind_x64) {
      for (std::uint64_t at = (begin / alignment + 1) * alignment; at < end; at += alignment) {
        if (section.bytes[at - 1 - section.address] == breakpoint) cuts.push_back(at);
      }
    }
    // Symbols without a size say where functions begin.
    for (auto name = first_from(names, begin + 1); name != names.end() && name->first < end; ++name) {
      cuts.push_back(name->first);
    }
    std::ranges::sort(cuts);
    for (const std::uint64_t cut : cuts) {
      add(begin, cut);
      begin = cut;
    }
    add(begin, end);
  };
  for (const Section& section : image.sections) {
    if (!section.executable || is_stub_section(section.name)) continue;
    const std::uint64_t section_end = section.address + section.bytes.size();
    covered = std::max(covered, section.address);
    for (auto next = first_from(ends, covered); next != ends.end() && next->first < section_end; ++next) {
      const std::uint64_t begin = std::max(next->first, covered);
      add_gap(section, covered, begin);
      // A range that runs into the next one ends where that begins.
      const auto following = std::next(next);
      std::uint64_t end = std::min(next->second, section_end);
      if (following != ends.end()) end = std::min(end, following->first);
      const bool whole = begin == next->first && end == next->second;
      add(begin, end, whole && image.functions.kind == FunctionTable::Kind::none);
      covered = std::max(covered, end);
    }
    add_gap(section, covered, section_end);
    covered = std::max(covered, section_end);
  }
  std::ranges::sort(functions, {}, &FunctionRange::begin);
  return functions;
}

}  // namespace isoaudit::analyzer
