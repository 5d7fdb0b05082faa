#include "analyzer/code/function_code.h"

#include <algorithm>
#include <bit>
#include <span>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t bytes_of_row = 64;
/// Longer than this are all instructions of a machine, or nearly all functions' on average.
constexpr std::uint64_t bytes_for_each_instruction = 4;
/// Memory for more instructions than this is not kept through much shorter functions: what is known in a loop of theirs
/// may take as much.
constexpr std::size_t most_kept = 4096;
/// While instructions are still in a processor's first cache, they are numbered.
constexpr std::uint64_t bytes_at_once = 256;
/// Pieces of one function may lie far from each other.
constexpr std::uint64_t most_rows = 1 << 18;

/// How much the file has of a range: a function may be said to reach beyond its section.
std::uint64_t bytes_there(const Section* section, const FunctionRange& range) {
  if (section == nullptr) return 0;
  const std::uint64_t from = std::min<std::uint64_t>(range.begin - section->address, section->bytes.size());
  return std::min<std::uint64_t>(range.end - range.begin, section->bytes.size() - from);
}

void begin(FunctionCode& out, const FunctionRange& first, std::uint64_t bytes) {
  out.begin = first.begin;
  out.end = first.end;
  out.instructions.clear();
  out.undecoded = 0;
  out.begin_numbers();
  const std::size_t expected = bytes / bytes_for_each_instruction;
  if (out.instructions.capacity() > std::max(most_kept, 4 * expected)) out.instructions = {};
  // At once: while a vector grows, there are two of it.
  out.instructions.reserve(expected);
}

bool may_lock(Op op) { return op == Op::compare_exchange || op == Op::store_exclusive || op == Op::compare_swap; }

}  // namespace

void FunctionCode::begin_numbers() {
  beginnings.clear();
  outward.clear();
  may_lock_byte = false;
  decoded = 0;
}

void FunctionCode::number_from(std::size_t first) {
  if (first == instructions.size()) return;
  const std::uint64_t begins = instructions.front().address;
  const std::uint64_t rows = std::min((instructions.back().address - begins) / bytes_of_row + 1, most_rows);
  if (rows > beginnings.size()) beginnings.resize(rows);
  // Which instructions are which, no processor guesses: a place is taken for each, and given back.
  std::size_t outward_count = outward.size();
  outward.resize(outward_count + instructions.size() - first);
  bool locks = false;
  for (std::size_t i = first; i < instructions.size(); ++i) {
    const Instruction& instruction = instructions[i];
    decoded += instruction.size;
    outward[outward_count] = static_cast<std::uint32_t>(i);
    outward_count += instruction.is_outward ? 1 : 0;
    locks |= instruction.width == 1 && may_lock(instruction.op);
    const std::uint64_t offset = instruction.address - begins;
    if (offset / bytes_of_row < rows)
      beginnings[offset / bytes_of_row].bits |= std::uint64_t{1} << offset % bytes_of_row;
  }
  outward.resize(outward_count);
  may_lock_byte = may_lock_byte || locks;
}

namespace {

/// The lock prefix comes as an instruction of its own. Whether the last instruction is one; `locked`: whether the one
/// before the first is.
bool mark_locked(std::span<Instruction> instructions, bool locked) {
  for (Instruction& instruction : instructions) {
    const bool is_prefix = instruction.op == Op::other && instruction.atomic && !instruction.has_memory;
    if (locked) instruction.atomic = true;
    locked = is_prefix;
  }
  return locked;
}

void add_instructions(const Image& image, Decoder& decoder, const FunctionRange& range, FunctionCode& out) {
  const Section* section = image.section_at(range.begin);
  const std::uint64_t end = range.begin + bytes_there(section, range);
  bool locked = false;
  for (std::uint64_t at = range.begin; at < end;) {
    const std::size_t first = out.instructions.size();
    const std::span<const std::uint8_t> bytes = section->bytes.subspan(at - section->address);
    at += decoder.decode_all(bytes, std::min(end - at, bytes_at_once), at, out.instructions);
    if (out.instructions.size() == first) {
      const std::uint64_t skip = image.machine == Machine::aarch64 ? 4 : 1;
      out.undecoded += skip;
      at += skip;
      locked = false;
      continue;
    }
    locked = mark_locked(std::span(out.instructions).subspan(first), locked);
    out.number_from(first);
  }
}

void finish(const Image& image, const CodePointers* pointers, FunctionCode& out) {
  out.end_numbers();
  find_labels(image, out, pointers);
}

}  // namespace

void FunctionCode::end_numbers() {
  if (instructions.empty()) return;
  const std::uint64_t rows = (instructions.back().address - instructions.front().address) / bytes_of_row;
  if (rows > instructions.size() || rows >= most_rows) return beginnings.clear();
  std::uint32_t before = 0;
  for (Beginnings& row : beginnings) {
    row.before = before;
    before += static_cast<std::uint32_t>(std::popcount(row.bits));
  }
}

void FunctionCode::number() {
  begin_numbers();
  number_from(0);
  end_numbers();
}

std::ptrdiff_t FunctionCode::index_of(std::uint64_t address) const {
  if (instructions.empty()) return -1;
  if (beginnings.empty()) {
    const auto found = std::ranges::lower_bound(instructions, address, {}, &Instruction::address);
    return found != instructions.end() && found->address == address ? found - instructions.begin() : -1;
  }
  const std::uint64_t offset = address - instructions.front().address;
  if (offset / bytes_of_row >= beginnings.size()) return -1;
  const Beginnings& row = beginnings[offset / bytes_of_row];
  const std::uint64_t bit = std::uint64_t{1} << offset % bytes_of_row;
  if ((row.bits & bit) == 0) return -1;
  return static_cast<std::ptrdiff_t>(row.before) + std::popcount(row.bits & (bit - 1));
}

void decode_function(const Image& image, Decoder& decoder, const FunctionRange& range, const CodePointers* pointers,
                     FunctionCode& out) {
  begin(out, range, bytes_there(image.section_at(range.begin), range));
  add_instructions(image, decoder, range, out);
  finish(image, pointers, out);
}

void decode_pieces(const Image& image, Decoder& decoder, std::vector<const FunctionRange*> pieces,
                   const CodePointers* pointers, FunctionCode& out) {
  std::uint64_t bytes = 0;
  for (const FunctionRange* piece : pieces) bytes += bytes_there(image.section_at(piece->begin), *piece);
  begin(out, *pieces.front(), bytes);
  std::ranges::sort(pieces, {}, &FunctionRange::begin);
  for (const FunctionRange* piece : pieces) add_instructions(image, decoder, *piece, out);
  finish(image, pointers, out);
}

}  // namespace isoaudit::analyzer
