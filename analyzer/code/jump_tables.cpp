#include "analyzer/code/jump_tables.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "analyzer/code/value.h"

namespace isoaudit::analyzer {
namespace {

constexpr unsigned longest_table = 1024;
/// A function of hostile code may form any number of addresses.
constexpr std::size_t most_labels = 1 << 14;

class Labels {
 public:
  Labels(const Image& image, FunctionCode& code) : image_(image), code_(code) {}

  /// Distances of four bytes from `base`: GCC's and Clang's for x86-64, from the table itself; Visual C++'s, from the
  /// start of the image.
  void distances(std::uint64_t table, std::uint64_t base) {
    for (unsigned i = 0; i < longest_table && code_.labels.size() < most_labels; ++i) {
      const std::optional<std::uint64_t> entry = number_at(table + std::uint64_t{i} * 4, 4);
      const bool known = entry && add(base + static_cast<std::uint64_t>(static_cast<std::int64_t>(
                                                 static_cast<std::int32_t>(static_cast<std::uint32_t>(*entry)))));
      if (!known) return;
    }
  }

  /// A table that the function's own jump goes through.
  void entries(const JumpTable& table) {
    if (table.width == 8) return pointers(table.table);
    if (table.count == 0 && image_.machine == Machine::x86_64) return distances(table.table, table.base);
    // Where nothing says how many, it is one for each value that an entry of the narrowest kind can have.
    constexpr unsigned count_unknown = 256;
    const unsigned count = table.count != 0 ? table.count : count_unknown;
    for (unsigned i = 0; i < count && code_.labels.size() < most_labels; ++i) {
      const std::optional<std::uint64_t> entry = number_at(table.table + std::uint64_t{i} * table.width, table.width);
      if (!entry) return;
      const std::uint64_t distance = table.is_signed ? sign_extended(*entry, table.width) : *entry;
      const std::uint64_t label = table.base + (distance << table.shift);
      // One that leads out of the function ends a table of which the end is not known.
      if (table.count == 0 && code_.index_of(label) < 0) return;
      add(label);
    }
  }

  /// Addresses: of labels as values.
  void pointers(std::uint64_t table) {
    for (unsigned i = 0; i < longest_table && code_.labels.size() < most_labels; ++i) {
      const Pointer pointer = image_.pointer_at(table + std::uint64_t{i} * 8);
      if (pointer.kind != Pointer::Kind::address || !add(pointer.value)) return;
    }
  }

 private:
  /// Behind the table may lie another function's: what leads out of this one is an unlikely way that was put elsewhere,
  /// or not this table's any more. Whether code begins there, others know.
  bool add(std::uint64_t label) {
    if (code_.index_of(label) >= 0) {
      code_.labels.push_back(label);
      return true;
    }
    if (code_text_ == nullptr || !code_text_->contains(label)) code_text_ = image_.section_at(label);
    const bool executable = code_text_ != nullptr && code_text_->executable;
    if (!executable || code_.labels_elsewhere.size() >= most_labels) return false;
    code_.labels_elsewhere.push_back(label);
    return true;
  }

  /// As the image's own, where many are read from one section.
  std::optional<std::uint64_t> number_at(std::uint64_t address, unsigned width) {
    if (table_section_ == nullptr || !table_section_->contains(address)) table_section_ = image_.section_at(address);
    if (table_section_ == nullptr) return std::nullopt;
    const std::span<const std::uint8_t> bytes = table_section_->bytes;
    const std::uint64_t offset = address - table_section_->address;
    if (offset >= bytes.size() || bytes.size() - offset < width) return image_.number_at(address, width);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + offset, width);
    return value;
  }

  const Image& image_;
  FunctionCode& code_;
  /// Where the last entry was read, and where the last label that leads out of the function lay.
  const Section *table_section_ = nullptr, *code_text_ = nullptr;
};

/// Tables that the code may mean with the addresses that it puts together.
void guess_labels(const Image& image, const FunctionCode& code, Labels& labels) {
  std::vector<std::uint64_t> formed;
  for (const std::uint32_t number : code.outward) {
    const Instruction& instruction = code.instructions[number];
    if (instruction.op == Op::address && instruction.names_address())
      formed.push_back(static_cast<std::uint64_t>(instruction.memory.displacement));
  }
  std::ranges::sort(formed);
  formed.erase(std::unique(formed.begin(), formed.end()), formed.end());
  for (const std::uint64_t table : formed) {
    labels.distances(table, table);
    labels.pointers(table);
  }
  if (image.format == model::BinaryFormat::pe && !formed.empty()) {
    // [start of the image + index * 4 + distance of the table]
    for (const Instruction& instruction : code.instructions) {
      const bool indexed = instruction.op == Op::load && instruction.memory.index != no_register &&
                           instruction.memory.scale == 4 && instruction.memory.displacement > 0;
      if (!indexed) continue;
      const std::uint64_t start = formed.front();
      labels.distances(start + static_cast<std::uint64_t>(instruction.memory.displacement), start);
    }
  }
}

}  // namespace

bool goes_through_table(const Instruction& instruction) {
  if (instruction.op != Op::jump || instruction.has_target) return false;
  return !instruction.has_memory || instruction.memory.base != no_register || instruction.memory.index != no_register;
}

void find_labels(const Image& image, FunctionCode& code, const CodePointers* pointers) {
  code.labels.clear();
  code.labels_elsewhere.clear();
  code.table_ways.clear();
  code.jumps_unknown = false;
  const auto is_through_table = [&](std::uint32_t number) { return goes_through_table(code.instructions[number]); };
  if (std::ranges::none_of(code.outward, is_through_table)) return;
  const IndirectJumps jumps = find_indirect_jumps(image, code, pointers);
  Labels labels(image, code);
  for (const JumpTable& table : jumps.tables) {
    const std::size_t before = code.labels.size();
    labels.entries(table);
    for (std::size_t i = before; i < code.labels.size(); ++i) code.table_ways.emplace_back(table.jump, code.labels[i]);
  }
  if (jumps.others) guess_labels(image, code, labels);
  // Where a table ends that nothing is said of, distances of four bytes tell better than narrower ones.
  const bool sure = image.machine == Machine::x86_64 ||
                    std::ranges::all_of(jumps.tables, [](const JumpTable& t) { return t.count != 0; });
  if (jumps.others || !sure || code.labels.size() >= most_labels) code.table_ways.clear();
  code.jumps_unknown = jumps.others && (image.machine == Machine::aarch64 || code.labels.empty());
  const auto make_set = [](auto& values) {
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  make_set(code.labels);
  make_set(code.table_ways);
}

}  // namespace isoaudit::analyzer
