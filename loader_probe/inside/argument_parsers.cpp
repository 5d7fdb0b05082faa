#include "loader_probe/inside/argument_parsers.h"

namespace isoaudit::inside {
namespace {

constexpr std::size_t kPointersBefore = 5;  ///< at most; in between there may be a flag
constexpr std::size_t kNumbers = 40;
constexpr std::uint32_t kMostArguments = 255;
constexpr std::uint32_t kNoLimit = 0x7fffffff;

std::uint32_t number_at(std::uintptr_t address) { return static_cast<std::uint32_t>(word_at(address)); }

}  // namespace

bool is_in_argument_parser(const Region& region, std::size_t offset, const std::vector<ImageRange>& images) {
  if (region.thread_local_ || offset < kKeywordsInArgumentParser) return false;
  const std::size_t begin = offset - kKeywordsInArgumentParser;
  if (begin + kArgumentParserSize > region.size) return false;
  const std::uintptr_t parser = region.address + begin;
  // Texts and their table are constants of some file; of these words one may be a flag instead.
  std::size_t constants = 0;
  for (std::size_t i = 0; i < kPointersBefore; ++i) {
    const std::uint64_t word = word_at(parser + i * 8);
    if (in_ranges(images, word)) {
      ++constants;
    } else if (word >> 40 != 0) {
      return false;
    }
  }
  const std::uint64_t next = word_at(parser + kKeywordsInArgumentParser + 8);
  if (constants < 2 || (next != 0 && !in_ranges(images, next))) return false;
  const std::uint32_t positional = number_at(parser + kNumbers);
  const std::uint32_t least = number_at(parser + kNumbers + 4);
  const std::uint32_t most = number_at(parser + kNumbers + 8);
  const auto is_count = [](std::uint32_t number) { return number <= kMostArguments || number == kNoLimit; };
  return is_count(positional) && is_count(least) && is_count(most);
}

}  // namespace isoaudit::inside
