#include "analyzer/code/place_name.h"

#include <fmt/format.h>
#include <llvm/Demangle/Demangle.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "model/rust_name.h"

namespace isoaudit::analyzer {
namespace {

std::string section_and_offset(const Image& image, std::uint64_t address) {
  const Section* section = image.section_at(address);
  if (section == nullptr) return fmt::format("{:#x}", address);
  return fmt::format("{}+{:#x}", section->name, address - section->address);
}

/// What GCC and Clang put behind a function's name.
constexpr std::string_view additions[] = {".cold", ".part", ".constprop", ".isra", ".lto_priv", ".llvm", ".__part"};

}  // namespace

std::string place_name(const Image& image, std::uint64_t address) {
  const Symbol* symbol = image.symbol_at(address);
  return symbol != nullptr ? symbol->name : section_and_offset(image, address);
}

std::string code_name(const Image& image, std::uint64_t address) {
  const Symbol* symbol = image.symbol_at(address);
  return symbol != nullptr && symbol->address == address ? symbol->name : section_and_offset(image, address);
}

std::string demangled(const std::string& symbol) {
  // The demangler tries one way after the other, which takes longest for the many names of C.
  constexpr std::string_view beginnings[] = {"_Z", "__Z", "___Z", "____Z", "_R", "__R", "_D", "?", "."};
  const bool mangled =
      std::ranges::any_of(beginnings, [&](std::string_view begin) { return symbol.starts_with(begin); });
  return mangled ? model::rust_name(llvm::demangle(symbol)) : symbol;
}

std::string source_name(const std::string& symbol) {
  // "_GLOBAL__sub_I_x": no mangled name, whatever the demangler takes it for.
  if (symbol.starts_with("_GLOBAL_")) return symbol;
  if (symbol.find('.') == std::string::npos) return demangled(symbol);
  std::size_t end = symbol.size();
  for (const std::string_view addition : additions) {
    const std::size_t found = symbol.find(addition);
    if (found == std::string::npos || found == 0) continue;
    const std::string_view rest = std::string_view(symbol).substr(found + addition.size());
    if (rest.empty() || rest.front() == '.') end = std::min(end, found);
  }
  return demangled(symbol.substr(0, end));
}

}  // namespace isoaudit::analyzer
