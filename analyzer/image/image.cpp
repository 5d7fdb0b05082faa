#include "analyzer/image/image.h"

#include <algorithm>
#include <cstring>

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t bytes_for_each_number = 64;

}  // namespace

const Section* Image::section_at(std::uint64_t address) const {
  auto next = std::ranges::upper_bound(sections, address, {}, &Section::address);
  // Thread-local sections have addresses of their own that overlap what follows them. A module has two: a short look
  // back is enough and keeps hostile tables linear.
  for (int steps = 0; next != sections.begin() && steps < 16; ++steps) {
    --next;
    if (next->kind == model::SectionClass::thread_local_) continue;
    return next->contains(address) ? &*next : nullptr;
  }
  return nullptr;
}

const Section* Image::section_named(std::string_view name) const {
  const auto found = std::ranges::find(sections, name, &Section::name);
  return found == sections.end() ? nullptr : &*found;
}

void Image::number_relocations() {
  relocation_numbers.clear();
  if (relocations.empty()) return;
  const std::uint64_t first = relocations.front().at;
  const std::uint64_t places = (relocations.back().at - first) / bytes_for_each_number + 1;
  if (places / 4 > relocations.size()) return;
  relocation_numbers.reserve(places);
  for (std::uint32_t i = 0; i < relocations.size(); ++i) {
    const std::uint64_t place = (relocations[i].at - first) / bytes_for_each_number;
    while (relocation_numbers.size() <= place) relocation_numbers.push_back(i);
  }
}

std::vector<Relocation>::const_iterator Image::relocation_from(std::uint64_t address) const {
  if (relocations.empty() || address <= relocations.front().at) return relocations.begin();
  if (address > relocations.back().at) return relocations.end();
  if (relocation_numbers.empty()) return std::ranges::lower_bound(relocations, address, {}, &Relocation::at);
  const std::uint64_t place = (address - relocations.front().at) / bytes_for_each_number;
  auto found = relocations.begin() + relocation_numbers[place];
  while (found->at < address) ++found;
  return found;
}

const Relocation* Image::relocation_at(std::uint64_t address) const {
  if (relocations.empty() || address < relocations.front().at || address > relocations.back().at) return nullptr;
  const auto found = relocation_from(address);
  return found != relocations.end() && found->at == address ? &*found : nullptr;
}

std::span<const Relocation> Image::relocations_in(std::uint64_t begin, std::uint64_t end) const {
  const auto first = relocation_from(begin), last = relocation_from(end);
  return first < last ? std::span(first, last) : std::span<const Relocation>{};
}

const ThreadWord* Image::thread_word_at(std::uint64_t address) const {
  const auto found = std::ranges::lower_bound(thread_words, address, {}, &ThreadWord::at);
  return found != thread_words.end() && found->at == address ? &*found : nullptr;
}

std::uint64_t Image::thread_begin() const {
  // .tdata, then .tbss: one segment.
  const auto first = std::ranges::find(sections, model::SectionClass::thread_local_, &Section::kind);
  return first == sections.end() ? 0 : first->address;
}

std::pair<const Section*, std::uint64_t> Image::thread_section(std::uint64_t offset) const {
  const std::uint64_t address = thread_begin() + offset;
  for (const Section& section : sections) {
    if (section.kind != model::SectionClass::thread_local_ || !section.contains(address)) continue;
    return {&section, address - section.address};
  }
  return {nullptr, 0};
}

std::optional<std::uint64_t> Image::number_at(std::uint64_t address, unsigned width) const {
  const Section* section = section_at(address);
  if (section == nullptr || width > 8 || section->size - (address - section->address) < width) return std::nullopt;
  const std::uint64_t offset = address - section->address;
  std::uint64_t value = 0;
  if (offset >= section->bytes.size()) return value;
  const std::uint64_t stored = std::min<std::uint64_t>(width, section->bytes.size() - offset);
  std::memcpy(&value, section->bytes.data() + offset, stored);
  return value;
}

Pointer Image::pointer_at(std::uint64_t address) const {
  if (const Relocation* relocation = relocation_at(address)) {
    const std::string_view name = relocation->name == 0 ? std::string_view{} : names[relocation->name - 1];
    if (relocation->target == 0 && !name.empty()) return {Pointer::Kind::import, 0, name};
    return {Pointer::Kind::address, relocation->target, name};
  }
  const std::optional<std::uint64_t> word = number_at(address, pointer_size);
  if (!word) return {};
  return {*word == 0 ? Pointer::Kind::null : Pointer::Kind::plain, *word, {}};
}

std::optional<std::string_view> Image::text_at(std::uint64_t address, std::size_t limit) const {
  const Section* section = section_at(address);
  if (section == nullptr) return std::nullopt;
  const std::uint64_t offset = address - section->address;
  if (offset >= section->bytes.size()) return std::nullopt;
  const auto* start = reinterpret_cast<const char*>(section->bytes.data() + offset);
  const std::size_t room = std::min<std::size_t>(section->bytes.size() - offset, limit);
  const void* end = std::memchr(start, 0, room);
  if (end == nullptr) return std::nullopt;
  return std::string_view(start, static_cast<const char*>(end) - start);
}

const Symbol* Image::symbol_at(std::uint64_t address) const {
  auto next = std::ranges::upper_bound(symbols, address, {}, &Symbol::address);
  const Symbol* best = nullptr;
  // Aliases and enclosing symbols are few: a short look back is enough and keeps hostile tables linear.
  for (int steps = 0; next != symbols.begin() && steps < 64; ++steps) {
    --next;
    if (next->kind == Symbol::Kind::thread_local_) continue;
    const bool covers = next->address == address || address - next->address < next->size;
    if (covers && (best == nullptr || (next->size != 0 && next->size < best->size))) best = &*next;
    if (best != nullptr && next->address < best->address) break;
  }
  return best;
}

bool Image::starts_as_zeros(std::uint64_t address, unsigned size) const {
  const Section* section = section_at(address);
  if (section == nullptr || !section->writable()) return false;
  if (section->kind == model::SectionClass::zero) return true;
  for (unsigned done = 0; done < size; done += 8) {
    if (number_at(address + done, std::min(size - done, 8u)) != 0) return false;
  }
  return relocations_in(address, address + size).empty();
}

bool Image::imports_symbol(std::string_view name) const { return std::ranges::binary_search(imports, name); }

std::string_view Image::unit_of(const Symbol& symbol) const {
  return symbol.unit == 0 ? std::string_view{} : std::string_view(units[symbol.unit - 1]);
}

std::uint64_t executable_bytes(const Image& image) {
  std::uint64_t bytes = 0;
  for (const Section& section : image.sections) {
    if (section.executable) bytes += section.bytes.size();
  }
  return bytes;
}

}  // namespace isoaudit::analyzer
