#include "analyzer/code/functions.h"

#include <llvm/DebugInfo/DWARF/DWARFDataExtractor.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugFrame.h>
#include <llvm/Support/Casting.h>
#include <llvm/Support/Error.h>

#include <algorithm>
#include <map>

namespace isoaudit::analyzer {
namespace {

/// More than any real module has; a hostile table ends here.
constexpr std::size_t most_functions = 4'000'000;

/// Start → end.
using Starts = std::map<std::uint64_t, std::uint64_t>;

void add_unwind_ranges(const Image& image, Starts& starts) {
  const Section* section = image.section_named(".eh_frame");
  if (section == nullptr || section->bytes.empty()) return;
  const auto arch = image.machine == Machine::aarch64 ? llvm::Triple::aarch64 : llvm::Triple::x86_64;
  llvm::DWARFDebugFrame frame(arch, true, section->address);
  const llvm::StringRef bytes(reinterpret_cast<const char*>(section->bytes.data()), section->bytes.size());
  // A damaged table keeps what was read before the damage.
  if (llvm::Error error = frame.parse(llvm::DWARFDataExtractor(bytes, true, 8))) llvm::consumeError(std::move(error));
  for (const llvm::dwarf::FrameEntry& entry : frame) {
    const auto* function = llvm::dyn_cast<llvm::dwarf::FDE>(&entry);
    if (function == nullptr || starts.size() >= most_functions) continue;
    const std::uint64_t begin = function->getInitialLocation(), size = function->getAddressRange();
    if (size != 0 && begin + size > begin) starts.emplace(begin, begin + size);
  }
}

/// Entries of the linker's tables have unwind entries as a whole, and nothing in them writes variables.
bool is_stub_section(std::string_view name) { return name.starts_with(".plt"); }

}  // namespace

std::vector<FunctionRange> find_functions(const Image& image) {
  Starts starts;
  add_unwind_ranges(image, starts);
  std::map<std::uint64_t, std::string_view> names;
  for (const Symbol& symbol : image.symbols) {
    if (symbol.kind != Symbol::Kind::function) continue;
    names.emplace(symbol.address, symbol.name);
    if (symbol.size != 0 && starts.size() < most_functions) {
      starts.emplace(symbol.address, symbol.address + symbol.size);
    }
  }
  std::vector<FunctionRange> functions;
  const auto add = [&](std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return;
    const auto name = names.find(begin);
    functions.push_back({begin, end, name == names.end() ? std::string() : std::string(name->second)});
  };
  for (const Section& section : image.sections) {
    if (!section.executable || is_stub_section(section.name)) continue;
    const std::uint64_t section_end = section.address + section.bytes.size();
    std::uint64_t covered = section.address;
    for (auto next = starts.lower_bound(section.address); next != starts.end() && next->first < section_end; ++next) {
      const std::uint64_t begin = std::max(next->first, covered);
      add(covered, begin);
      // A range that runs into the next one ends where that begins.
      const auto following = std::next(next);
      std::uint64_t end = std::min(next->second, section_end);
      if (following != starts.end()) end = std::min(end, following->first);
      add(begin, end);
      covered = std::max(covered, end);
    }
    add(covered, section_end);
  }
  std::ranges::sort(functions, {}, &FunctionRange::begin);
  return functions;
}

}  // namespace isoaudit::analyzer
