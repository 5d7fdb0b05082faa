#include "tests/fuzz/described_image.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <tuple>

namespace isoaudit::fuzz {
namespace {

using analyzer::Image;
using analyzer::Machine;
using analyzer::Section;
using analyzer::Symbol;

constexpr std::array<std::string_view, 13> tags{"",
                                                "abi3",
                                                "abi3t",
                                                "cpython-312",
                                                "cpython-313",
                                                "cpython-314",
                                                "cpython-315",
                                                "cpython-313t",
                                                "cpython-314t",
                                                "cpython-315t",
                                                "cp314-win_amd64",
                                                "cpython-314d",
                                                "cpython-399"};
constexpr std::size_t most_sections = 64, most_symbols = 4096, most_relocations = 16384, most_names = 4096;
/// Seeds stay small: libFuzzer learns nothing from a megabyte.
constexpr std::size_t longest_section = 4096;

class Source {
 public:
  explicit Source(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  /// Zeros after the end.
  template <class T>
  T number() {
    T value{};
    std::memcpy(&value, rest_.data(), std::min(sizeof value, rest_.size()));
    take(sizeof value);
    return value;
  }

  std::span<const std::uint8_t> take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  std::string text() {
    const auto bytes = take(number<std::uint8_t>());
    std::string made(bytes.begin(), bytes.end());
    return made.empty() ? "x" : made;
  }

  bool ended() const { return rest_.empty(); }

 private:
  std::span<const std::uint8_t> rest_;
};

class Sink {
 public:
  template <class T>
  void number(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  void text(std::string_view text) {
    number(static_cast<std::uint8_t>(std::min<std::size_t>(text.size(), 255)));
    text_.append(text.substr(0, 255));
  }

  void bytes(std::span<const std::uint8_t> bytes) {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_{};
};

/// kind, and whether it is executable, in one byte.
std::uint8_t section_flags(const Section& section) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(section.kind) | (section.executable ? 0x80u : 0u));
}

constexpr unsigned section_kinds = static_cast<unsigned>(model::SectionClass::other) + 1;

Section read_section(Source& source, std::size_t& stored) {
  Section section;
  const auto flags = source.number<std::uint8_t>();
  section.kind = static_cast<model::SectionClass>((flags & 0x7Fu) % section_kinds);
  section.executable = (flags & 0x80u) != 0;
  section.address = source.number<std::uint64_t>();
  section.size = std::max<std::uint64_t>(source.number<std::uint64_t>(), 1);
  stored = source.number<std::uint16_t>();
  section.name = source.text();
  // Image readers drop what runs over the end of the address space.
  if (section.address + section.size < section.address) section.address = 0x1000;
  if (section.address + section.size < section.address) section.size = 0x1000;
  return section;
}

Symbol read_symbol(Source& source) {
  Symbol symbol;
  const auto flags = source.number<std::uint8_t>();
  symbol.kind = static_cast<Symbol::Kind>((flags & 3u));
  symbol.local = (flags & 4u) != 0;
  symbol.exported = (flags & 8u) != 0;
  symbol.address = source.number<std::uint64_t>();
  symbol.size = source.number<std::uint64_t>();
  symbol.name = source.text();
  return symbol;
}

}  // namespace

DescribedImage read_described_image(std::span<const std::uint8_t> bytes) {
  DescribedImage described;
  Image& image = described.image;
  image.file = analyzer::hold_bytes(std::string(bytes.begin(), bytes.end()));
  Source source(image.file->bytes());
  const auto machine = source.number<std::uint8_t>();
  image.machine = static_cast<Machine>((machine & 0x0Fu) % 3);
  image.pointer_size = (machine & 0x10u) != 0 ? 4 : 8;
  image.format = static_cast<model::BinaryFormat>((machine >> 5) % 3);
  image.arch = "described";
  described.abi_tag = tags[source.number<std::uint8_t>() % tags.size()];
  const std::size_t sections = std::min<std::size_t>(source.number<std::uint16_t>(), most_sections);
  const std::size_t names = std::min<std::size_t>(source.number<std::uint16_t>(), most_names);
  const std::size_t symbols = std::min<std::size_t>(source.number<std::uint16_t>(), most_symbols);
  const std::size_t relocations = std::min<std::size_t>(source.number<std::uint16_t>(), most_relocations);
  std::vector<std::size_t> stored(sections);
  for (std::size_t i = 0; i < sections && !source.ended(); ++i) {
    image.sections.push_back(read_section(source, stored[i]));
  }
  for (std::size_t i = 0; i < image.sections.size(); ++i) {
    image.sections[i].bytes = source.take(std::min<std::uint64_t>(stored[i], image.sections[i].size));
  }
  for (std::size_t i = 0; i < names && !source.ended(); ++i) image.names.push_back(source.text());
  for (std::size_t i = 0; i < symbols && !source.ended(); ++i) image.symbols.push_back(read_symbol(source));
  for (std::size_t i = 0; i < relocations && !source.ended(); ++i) {
    analyzer::Relocation relocation;
    relocation.at = source.number<std::uint64_t>();
    relocation.target = source.number<std::uint64_t>();
    relocation.name = source.number<std::uint16_t>();
    if (relocation.name > image.names.size()) relocation.name = 0;
    image.relocations.push_back(relocation);
  }
  image.has_symbol_table = !image.symbols.empty();
  image.imports = image.names;
  std::ranges::sort(image.imports);
  std::ranges::stable_sort(image.sections, {}, &Section::address);
  std::ranges::stable_sort(image.symbols, [](const Symbol& a, const Symbol& b) {
    return std::tie(a.address, a.name) < std::tie(b.address, b.name);
  });
  std::ranges::stable_sort(image.relocations, {}, &analyzer::Relocation::at);
  const auto rest = std::ranges::unique(image.relocations, {}, &analyzer::Relocation::at);
  image.relocations.erase(rest.begin(), rest.end());
  return described;
}

std::string describe_image(const Image& image) {
  Sink sink;
  sink.number(static_cast<std::uint8_t>(static_cast<unsigned>(image.machine) | (image.pointer_size == 4 ? 0x10u : 0u) |
                                        (static_cast<unsigned>(image.format) << 5)));
  sink.number(std::uint8_t{0});
  const auto first = [](const auto& items, std::size_t most) {
    return std::span(items).first(std::min(items.size(), most));
  };
  const auto sections = first(image.sections, most_sections);
  const auto names = first(image.names, most_names);
  const auto symbols = first(image.symbols, most_symbols);
  const auto relocations = first(image.relocations, most_relocations);
  for (const std::size_t count : {sections.size(), names.size(), symbols.size(), relocations.size()}) {
    sink.number(static_cast<std::uint16_t>(count));
  }
  for (const Section& section : sections) {
    sink.number(section_flags(section));
    sink.number(section.address);
    sink.number(section.size);
    sink.number(static_cast<std::uint16_t>(std::min(section.bytes.size(), longest_section)));
    sink.text(section.name);
  }
  for (const Section& section : sections) {
    sink.bytes(section.bytes.first(std::min(section.bytes.size(), longest_section)));
  }
  for (const auto& name : names) sink.text(name);
  for (const Symbol& symbol : symbols) {
    sink.number(static_cast<std::uint8_t>(static_cast<unsigned>(symbol.kind) | (symbol.local ? 4u : 0u) |
                                          (symbol.exported ? 8u : 0u)));
    sink.number(symbol.address);
    sink.number(symbol.size);
    sink.text(symbol.name);
  }
  for (const analyzer::Relocation& relocation : relocations) {
    sink.number(relocation.at);
    sink.number(relocation.target);
    sink.number(static_cast<std::uint16_t>(relocation.name <= names.size() ? relocation.name : 0));
  }
  return sink.take();
}

}  // namespace isoaudit::fuzz
