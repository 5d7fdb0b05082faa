#include "analyzer/code/word_cache.h"

#include <cstring>
#include <utility>
#include <vector>

namespace isoaudit::analyzer {
namespace {

/// A power of two; all of them together fit a processor's second cache.
constexpr unsigned bits = 12, shift = 32 - bits;
constexpr std::size_t rows = std::size_t{1} << bits;

/// ADR, ADRP and loads of literals name an address by its distance (Arm Architecture Reference Manual, C4.1).
bool names_its_address(std::uint32_t word) {
  return (word & 0x1F000000) == 0x10000000 || (word & 0x3B000000) == 0x18000000;
}

/// What the distance is counted from: ADRP counts from the page.
std::uint64_t origin(std::uint32_t word, std::uint64_t address) {
  const bool page = (word & 0x9F000000) == 0x90000000;
  return page ? address & ~std::uint64_t{0xFFF} : address;
}

/// Addresses wrap as the machine's do.
void move(Instruction& instruction, std::uint32_t word, std::uint64_t from, std::uint64_t to) {
  const std::uint64_t distance = origin(word, to) - origin(word, from);
  if (instruction.has_target) instruction.target += distance;
  if (!instruction.has_memory || !names_its_address(word)) return;
  const auto place = static_cast<std::uint64_t>(instruction.memory.displacement);
  instruction.memory.displacement = static_cast<std::int64_t>(place + distance);
}

class WordCache final : public Decoder {
 public:
  explicit WordCache(std::unique_ptr<Decoder> decoder) : decoder_(std::move(decoder)), rows_(rows) {}

  bool decode(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) override {
    if (bytes.size() < sizeof(std::uint32_t)) return decoder_->decode(bytes, address, out);
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    Row& row = rows_[(word * 2654435761u) >> shift];
    if (!row.filled || row.word != word) {
      row.is_one = decoder_->decode(bytes, address, row.instruction);
      row.filled = true;
      row.word = word;
    }
    out = row.instruction;
    move(out, word, out.address, address);
    out.address = address;
    return row.is_one;
  }

 private:
  struct Row {
    /// Where it was found first.
    Instruction instruction{};
    std::uint32_t word = 0;
    bool filled = false;
    bool is_one = false;
  };

  std::unique_ptr<Decoder> decoder_;
  std::vector<Row> rows_;
};

}  // namespace

std::unique_ptr<Decoder> remember_words(std::unique_ptr<Decoder> decoder) {
  return std::make_unique<WordCache>(std::move(decoder));
}

}  // namespace isoaudit::analyzer
