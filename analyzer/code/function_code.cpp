#include "analyzer/code/function_code.h"

#include <algorithm>
#include <span>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t bytes_for_each_number = 16;
/// Longer than this are all instructions of a machine, or nearly all functions' on average.
constexpr std::uint64_t bytes_for_each_instruction = 4;
/// Memory for more instructions than this is not kept through much shorter functions: what is known in a loop of theirs
/// may take as much.
constexpr std::size_t most_kept = 4096;
/// While instructions are still in a processor's first cache, they are numbered.
constexpr std::uint64_t bytes_at_once = 256;
/// Pieces of one function may lie far from each other.
constexpr std::uint64_t most_numbers = 1 << 20;

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
  numbers.clear();
  outward.clear();
  may_lock_byte = false;
  decoded = 0;
}

void FunctionCode::number_from(std::size_t first) {
  if (first == instructions.size()) return;
  const std::uint64_t begins = instructions.front().address;
  const auto place_of = [&](const Instruction& instruction) {
    return std::min((instruction.address - begins) / bytes_for_each_number, most_numbers - 1);
  };
  std::size_t numbered = numbers.size();
  numbers.resize(std::max<std::size_t>(numbered, place_of(instructions.back()) + 1));
  for (std::size_t i = first; i < instructions.size(); ++i) {
    const Instruction& instruction = instructions[i];
    const auto number = static_cast<std::uint32_t>(i);
    decoded += instruction.size;
    if (instruction.is_outward) outward.push_back(number);
    if (instruction.width == 1 && may_lock(instruction.op)) may_lock_byte = true;
    for (const std::uint64_t place = place_of(instruction); numbered <= place; ++numbered) numbers[numbered] = number;
  }
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
  const std::uint64_t size = instructions.back().address - instructions.front().address;
  const std::uint64_t places = size / bytes_for_each_number;
  if (places > instructions.size() * 4 || places >= most_numbers) numbers.clear();
}

void FunctionCode::number() {
  begin_numbers();
  number_from(0);
  end_numbers();
}

std::ptrdiff_t FunctionCode::index_of(std::uint64_t address) const {
  if (instructions.empty()) return -1;
  if (numbers.empty()) {
    const auto found = std::ranges::lower_bound(instructions, address, {}, &Instruction::address);
    return found != instructions.end() && found->address == address ? found - instructions.begin() : -1;
  }
  const std::uint64_t place = (address - instructions.front().address) / bytes_for_each_number;
  if (place >= numbers.size()) return -1;
  for (std::size_t i = numbers[place]; i < instructions.size() && instructions[i].address <= address; ++i) {
    if (instructions[i].address == address) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
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
