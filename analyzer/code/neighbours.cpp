#include "analyzer/code/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

using model::CodeWrite;
using model::StoredValue;

/// One store writes no more: a register of AVX-512.
constexpr std::uint64_t widest = 64;
/// A flag's byte may be written alone where the word around it is one variable.
constexpr std::uint64_t least_apart = 4;

/// Bytes that stores write, from and to.
using Range = std::pair<std::uint64_t, std::uint64_t>;

struct Section {
  /// Each once, sorted.
  std::vector<Range> stores{};
  /// Where stores of those bytes are to be cut; of the rest nowhere.
  std::map<Range, std::vector<std::uint64_t>> cuts{};
  /// Where stores through an index begin, and what functions get the address of: how far they reach is not known.
  std::vector<std::uint64_t> open{};

  const std::vector<std::uint64_t>* cuts_at(const Range& range) const {
    const auto found = cuts.find(range);
    return found == cuts.end() ? nullptr : &found->second;
  }
};

bool is_plain(const CodeWrite& write) { return write.symbol.empty() && write.passed_to.empty(); }

Range range_of(const CodeWrite& write) { return {write.offset, write.offset + write.size}; }

template <class T>
void sort_once(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Where a store of these bytes is to be cut, in order; narrower ones were asked before.
std::vector<std::uint64_t> cuts_of(const Range& wide, const Section& section) {
  const auto [begin, end] = wide;
  const auto open = std::ranges::lower_bound(section.open, begin);
  if (open != section.open.end() && *open < end) return {};
  const Range first(begin - std::min(begin, widest), 0);
  std::vector<Range> inside, all;
  for (auto at = std::ranges::lower_bound(section.stores, first); at != section.stores.end() && at->first < end; ++at) {
    // What is wider is to be cut itself.
    const bool around = at->first <= begin && at->second >= end;
    if (at->second <= begin || around) continue;
    all.push_back(*at);
    if (at->first >= begin && at->second <= end) inside.push_back(*at);
  }
  std::uint64_t covered = begin;
  for (const Range& narrow : inside) {
    if (narrow.first <= covered) covered = std::max(covered, narrow.second);
  }
  const bool tiled = covered == end;
  std::vector<std::uint64_t> cuts;
  for (const Range& narrow : inside) {
    const std::uint64_t size = narrow.second - narrow.first;
    if (!tiled && (size < least_apart || narrow.first % size != 0)) continue;
    for (const std::uint64_t at : {narrow.first, narrow.second}) {
      const auto crosses = [&](const Range& other) {
        const auto* own = section.cuts_at(other);
        const bool is_cut = own != nullptr && std::ranges::binary_search(*own, at);
        return other.first < at && at < other.second && !is_cut;
      };
      if (at > begin && at < end && std::ranges::none_of(all, crosses)) cuts.push_back(at);
    }
  }
  sort_once(cuts);
  return cuts;
}

void find_cuts(Section& section) {
  sort_once(section.stores);
  sort_once(section.open);
  std::vector<Range> by_size = section.stores;
  std::ranges::stable_sort(by_size, {}, [](const Range& range) { return range.second - range.first; });
  for (const Range& range : by_size) {
    if (range.second - range.first > widest) break;
    std::vector<std::uint64_t> cuts = cuts_of(range, section);
    if (!cuts.empty()) section.cuts.emplace(range, std::move(cuts));
  }
}

/// "0x1 0x0" → the bytes that a store of `size` bytes puts there; nothing when it is not that.
std::optional<std::array<std::uint8_t, widest>> bytes_of(const CodeWrite& write) {
  if (write.value != StoredValue::constant || write.stored.empty() || write.size > widest) return {};
  const std::size_t parts = 1 + static_cast<std::size_t>(std::ranges::count(write.stored, ' '));
  const std::uint64_t each = write.size / parts;
  if (each == 0 || each > 8 || each * parts != write.size) return {};
  std::array<std::uint8_t, widest> bytes{};
  std::string_view rest = write.stored;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::string_view text = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    std::uint64_t number = 0;
    const char* const last = text.data() + text.size();
    if (!text.starts_with("0x") || std::from_chars(text.data() + 2, last, number, 16).ptr != last) return {};
    for (std::uint64_t i = 0; i < each; ++i) bytes[part * each + i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return bytes;
}

/// Eight bytes each, as a store of that width is told.
std::string text_of(const std::array<std::uint8_t, widest>& bytes, std::uint64_t first, std::uint64_t size) {
  std::string text;
  for (std::uint64_t done = 0; done < size; done += 8) {
    std::uint64_t number = 0;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(8, size - done); ++i) {
      number |= std::uint64_t{bytes[first + done + i]} << (8 * i);
    }
    text += fmt::format("{}{:#x}", text.empty() ? "" : " ", number);
  }
  return text;
}

struct Parts {
  std::string text{};
  bool all_constant = false;
};

/// "0x0 .bss+0x40" → ".bss+0x40" for the second half. Where a text tells all parts, none has a space in it.
Parts whole_parts(const CodeWrite& write, std::uint64_t first, std::uint64_t size) {
  const std::uint64_t count = 1 + static_cast<std::uint64_t>(std::ranges::count(write.stored, ' '));
  const std::uint64_t each = write.size / count;
  const bool addresses = write.value == StoredValue::static_address || write.value == StoredValue::immortal;
  if (!addresses || write.stored.empty() || each == 0 || first % each != 0 || size % each != 0) return {};
  Parts parts{.all_constant = true};
  std::string_view rest = write.stored;
  for (std::uint64_t at = 0; at < first + size && !rest.empty(); at += each) {
    const std::string_view text = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    if (at < first) continue;
    if (!parts.text.empty()) parts.text.push_back(' ');
    parts.text.append(text);
    parts.all_constant = parts.all_constant && text.starts_with("0x");
  }
  return parts;
}

CodeWrite piece_of(const CodeWrite& write, std::uint64_t begin, std::uint64_t end) {
  CodeWrite piece = write;
  piece.offset = begin;
  piece.size = end - begin;
  if (const auto bytes = bytes_of(write)) {
    piece.stored = text_of(*bytes, begin - write.offset, piece.size);
    return piece;
  }
  // Of other values half a part has no text of its own.
  const auto [stored, constant] = whole_parts(write, begin - write.offset, piece.size);
  piece.stored = stored;
  if (constant) piece.value = StoredValue::constant;
  return piece;
}

}  // namespace

void cut_at_neighbours(std::vector<std::pair<std::size_t, CodeWrite>>& writes) {
  std::map<std::string, Section> sections;
  for (const auto& [index, write] : writes) {
    if (!write.symbol.empty()) continue;
    Section& section = sections[write.section];
    if (is_plain(write) && write.size != 0) {
      section.stores.push_back(range_of(write));
    } else {
      section.open.push_back(write.offset);
    }
  }
  for (auto& [name, section] : sections) find_cuts(section);
  std::vector<std::pair<std::size_t, CodeWrite>> pieces;
  pieces.reserve(writes.size());
  for (auto& [index, write] : writes) {
    const Section* section = is_plain(write) && write.size != 0 ? &sections.find(write.section)->second : nullptr;
    const auto* cuts = section == nullptr ? nullptr : section->cuts_at(range_of(write));
    if (cuts == nullptr) {
      pieces.emplace_back(index, std::move(write));
      continue;
    }
    std::uint64_t begin = write.offset;
    for (const std::uint64_t end : *cuts) pieces.emplace_back(index, piece_of(write, begin, end)), begin = end;
    pieces.emplace_back(index, piece_of(write, begin, write.offset + write.size));
  }
  writes = std::move(pieces);
}

}  // namespace isoaudit::analyzer
