#include "analyzer/code/pointer_tables.h"

#include <algorithm>
#include <limits>

#include "model/python_version.h"

namespace isoaudit::analyzer {
namespace {

/// Words, and how many of them in a row may be no pointers where nothing says how long the table is.
constexpr std::uint64_t longest_table = 1024, longest_gap = 2;
/// How far before what code counts from a table may begin, in bytes: compilers take the member that is used most.
constexpr std::uint64_t longest_lead = 64;
constexpr std::uint64_t word = 8;

}  // namespace

Value PointerTables::load(std::uint64_t table) {
  const auto [known, fresh] = values_.try_emplace(table);
  if (!fresh) return known->second;
  const std::vector<std::uint64_t> targets = targets_in(rows_of(table));
  if (targets.empty()) return {};
  const std::uint64_t first = targets.front(), length = targets.back() - first;
  if (length > std::numeric_limits<std::uint32_t>::max()) {
    is_cut_ = true;
    return {};
  }
  known->second = {Value::Kind::region, static_cast<std::uint32_t>(length), first};
  std::vector<std::uint64_t>& all = choices_[{first, targets.back()}];
  all.insert(all.end(), targets.begin(), targets.end());
  return known->second;
}

std::span<const std::uint64_t> PointerTables::choices(std::uint64_t first, std::uint64_t last) const {
  const auto row = first == last ? choices_.end() : choices_.find({first, last});
  return row == choices_.end() ? std::span<const std::uint64_t>() : row->second;
}

bool PointerTables::points(std::uint64_t row) const {
  const Pointer pointer = image_.pointer_at(row);
  return pointer.kind == Pointer::Kind::address || pointer.kind == Pointer::Kind::import;
}

/// A static object of CPython 3.14 or newer: no number that a table holds is like its first word, as older ones are.
bool PointerTables::is_object(std::uint64_t address) const {
  const Pointer first = image_.pointer_at(address);
  constexpr std::uint64_t largest_count = 0xffffffff;
  return first.kind == Pointer::Kind::plain &&
         std::ranges::any_of(model::python_layouts(image_.pointer_size), [&](const model::PythonLayout& layout) {
           return layout.head_word > largest_count && first.value == layout.head_word;
         });
}

PointerTables::Rows PointerTables::rows_of(std::uint64_t table) const {
  const Symbol* symbol = image_.symbol_at(table);
  const Section* section = image_.section_at(table);
  if (symbol != nullptr && symbol->size != 0 && section != nullptr && section->contains(symbol->address)) {
    // Rows lie in the file; what a symbol says of its size may be anything.
    const std::uint64_t offset = symbol->address - section->address;
    const std::uint64_t room = section->bytes.size() - std::min<std::uint64_t>(offset, section->bytes.size());
    return {symbol->address, symbol->address + std::min(symbol->size, room), false};
  }
  // Where code counts from may lie before the table, even in the section before its own.
  Rows rows{table, table + longest_table * word, true};
  std::uint64_t gap = is_object(table) ? longest_gap : 0;
  for (std::uint64_t at = table; gap < longest_gap && table - at < longest_lead; at -= word) {
    gap = points(at - word) ? 0 : gap + 1;
    if (gap == 0) rows.begin = at - word;
  }
  return rows;
}

std::vector<std::uint64_t> PointerTables::targets_in(const Rows& rows) {
  std::vector<std::uint64_t> targets;
  std::uint64_t at = rows.begin, gap = 0;
  const auto ended = [&] { return rows.ends_in_gap ? gap > longest_gap : at + word > rows.end; };
  for (; !ended() && at + word <= rows.end && targets.size() < longest_table && rows_left_ != 0; at += word) {
    --rows_left_;
    gap = points(at) ? 0 : gap + 1;
    const Pointer pointer = image_.pointer_at(at);
    const Section* section = pointer.kind == Pointer::Kind::address ? image_.section_at(pointer.value) : nullptr;
    if (section != nullptr && section->writable()) targets.push_back(pointer.value);
  }
  is_cut_ = is_cut_ || (!ended() && !targets.empty());
  std::ranges::sort(targets);
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

}  // namespace isoaudit::analyzer
