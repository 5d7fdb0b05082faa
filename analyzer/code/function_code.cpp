#include "analyzer/code/function_code.h"

#include <algorithm>

#include "analyzer/code/jump_tables.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t bytes_for_each_number = 16;

}  // namespace

void FunctionCode::number() {
  numbers.clear();
  if (instructions.empty()) return;
  const std::uint64_t first = instructions.front().address;
  const std::uint64_t size = instructions.back().address - first;
  if (size / bytes_for_each_number > instructions.size() * 4) return;
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const std::uint64_t place = (instructions[i].address - first) / bytes_for_each_number;
    while (numbers.size() <= place) numbers.push_back(static_cast<std::uint32_t>(i));
  }
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
  out.begin = range.begin;
  out.end = range.end;
  out.instructions.clear();
  out.numbers.clear();
  out.undecoded = 0;
  const Section* section = image.section_at(range.begin);
  if (section == nullptr) return;
  bool locked = false;
  for (std::uint64_t at = range.begin; at < range.end;) {
    const std::uint64_t offset = at - section->address;
    if (offset >= section->bytes.size()) break;
    Instruction& instruction = out.instructions.emplace_back();
    if (!decoder.decode(section->bytes.subspan(offset), at, instruction)) {
      out.instructions.pop_back();
      const std::uint64_t skip = image.machine == Machine::aarch64 ? 4 : 1;
      out.undecoded += skip;
      at += skip;
      locked = false;
      continue;
    }
    at = instruction.next();
    // The lock prefix comes as an instruction of its own.
    const bool prefix = instruction.op == Op::other && instruction.atomic && !instruction.has_memory;
    if (locked) instruction.atomic = true;
    locked = prefix;
  }
  out.number();
  find_labels(image, out, pointers);
}

}  // namespace isoaudit::analyzer
