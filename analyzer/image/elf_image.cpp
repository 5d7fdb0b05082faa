// ELF tables in, Image out. What the dynamic linker sees (symbols, relocations, needed libraries) is found as it finds
// it: through the program headers and the dynamic table, so that section headers which lie change nothing. Section
// headers only give names and finer pieces, and the symbol table that tools read.
//
// LLVM's Object library reads the tables in place. LIEF copies the file and every entry: over the same thousand modules
// that alone takes more time than hashing and decoding them may take in all.
#include "analyzer/image/elf_image.h"

#include <llvm/Object/ELF.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "analyzer/image/byte_view.h"
#include "analyzer/image/elf_check.h"
#include "analyzer/image/elf_thread_relocations.h"

namespace isoaudit::analyzer {
namespace {

namespace elf = llvm::ELF;

struct Range {
  std::uint64_t begin = 0, end = 0;
  bool holds(std::uint64_t first, std::uint64_t size) const { return first >= begin && first + size <= end; }
};

std::span<const std::uint8_t> slice(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return {};
  return bytes.subspan(offset, std::min<std::uint64_t>(size, bytes.size() - offset));
}

/// The whole entries of a table whose bytes need not be aligned: LLVM's types are read byte by byte.
template <class Entry>
std::span<const Entry> entries(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const Entry*>(bytes.data()), bytes.size() / sizeof(Entry)};
}

/// Empty where the table cannot be read: what it would have held is then missing, as it is for tools that print it.
template <class Entry>
std::span<const Entry> entries(llvm::Expected<llvm::ArrayRef<Entry>> table) {
  if (!table) {
    llvm::consumeError(table.takeError());
    return {};
  }
  return {table->data(), table->size()};
}

Symbol::Kind kind_of(unsigned char type) {
  switch (type) {
    case elf::STT_FUNC:
    case elf::STT_GNU_IFUNC: return Symbol::Kind::function;
    case elf::STT_OBJECT:
    case elf::STT_COMMON: return Symbol::Kind::object;
    case elf::STT_TLS: return Symbol::Kind::thread_local_;
    default: return Symbol::Kind::other;
  }
}

template <class ELFT>
class ElfReader {
  using File = llvm::object::ELFFile<ELFT>;
  using Header = typename ELFT::Ehdr;
  using Program = typename ELFT::Phdr;
  using RawSection = typename ELFT::Shdr;
  using RawSymbol = typename ELFT::Sym;
  using Dynamic = typename ELFT::Dyn;
  using Rel = typename ELFT::Rel;
  using Rela = typename ELFT::Rela;
  using Word = typename ELFT::Word;

 public:
  ElfReader(const File& file, Image& image) : image_(image), bytes_(image.file->bytes()), header_(file.getHeader()) {
    programs_ = entries(file.program_headers());
    sections_ = entries(file.sections());
  }

  /// Why the tables cannot be true; empty when they were read.
  std::string run(WantedName wanted) {
    set_machine();
    add_sections();
    read_dynamic_table();
    add_dynamic_symbols();
    const auto passes = [&](const Found& found) { return wanted(found.name); };
    const bool whole = wanted == nullptr || std::ranges::any_of(symbols_, passes);
    if (whole) add_symbol_table();
    sort_symbols();
    if (whole) add_relocations();
    if (name_bytes_ > most_name_bytes()) return "is damaged: its symbols' names overlap without end";
    if (image_.relocations.size() > most_relocations()) return "is damaged: its relocations repeat without end";
    return {};
  }

 private:
  // Names may share their ends, so their sum may pass the file's size, but never many times over. A file that claims
  // more costs no more than this.
  std::uint64_t most_name_bytes() const { return bytes_.size() * 4; }
  /// Each fills in a word of its own.
  std::uint64_t most_relocations() const { return bytes_.size() / 4; }

  /// A symbol's name; none once names have taken more than a true file's can.
  std::string_view name_in(std::span<const std::uint8_t> table, std::uint64_t offset) {
    if (name_bytes_ > most_name_bytes()) return {};
    const std::string_view name = ByteView(table).text(offset, table.size()).value_or("");
    name_bytes_ += name.size() + 1;
    return name;
  }

  void set_machine() {
    switch (header_.e_machine) {
      case elf::EM_X86_64:
        image_.arch = image_.pointer_size == 8 ? "x86_64" : "x32";
        image_.machine = image_.pointer_size == 8 ? Machine::x86_64 : Machine::other;
        break;
      case elf::EM_AARCH64: image_.arch = "aarch64", image_.machine = Machine::aarch64; break;
      case elf::EM_386: image_.arch = "i386"; break;
      case elf::EM_ARM: image_.arch = "arm"; break;
      case elf::EM_PPC64: image_.arch = "ppc64le"; break;
      case elf::EM_S390: image_.arch = "s390x"; break;
      case elf::EM_RISCV: image_.arch = "riscv64"; break;
      default: image_.arch = "unknown"; break;
    }
  }

  void add_sections() {
    Range relro;
    for (const Program& segment : programs_) {
      if (segment.p_type == elf::PT_GNU_RELRO) relro = {segment.p_vaddr, segment.p_vaddr + segment.p_memsz};
    }
    const std::span<const std::uint8_t> names = section_names();
    for (const RawSection& raw : sections_) {
      if ((raw.sh_flags & elf::SHF_ALLOC) == 0 || raw.sh_size == 0) continue;
      Section section;
      section.name = name_in(names, raw.sh_name);
      section.address = raw.sh_addr;
      section.size = raw.sh_size;
      if (section.address + section.size < section.address) continue;
      section.executable = (raw.sh_flags & elf::SHF_EXECINSTR) != 0;
      const bool zero = raw.sh_type == elf::SHT_NOBITS;
      if (!zero) section.bytes = slice(bytes_, raw.sh_offset, raw.sh_size);
      if ((raw.sh_flags & elf::SHF_TLS) != 0) {
        section.kind = model::SectionClass::thread_local_;
      } else if ((raw.sh_flags & elf::SHF_WRITE) == 0 || relro.holds(section.address, section.size) ||
                 section.name.starts_with(".data.rel.ro") || section.name.starts_with(".got")) {
        // The linker's table of addresses may stay writable for late binding; no code of the module stores to it.
        section.kind = model::SectionClass::constant;
      } else {
        section.kind = zero ? model::SectionClass::zero : model::SectionClass::data;
      }
      image_.sections.push_back(std::move(section));
    }
    if (image_.sections.empty()) add_segments_as_sections(relro);
    std::ranges::stable_sort(image_.sections, {}, &Section::address);
  }

  std::span<const std::uint8_t> section_names() const {
    std::uint32_t index = header_.e_shstrndx;
    if (index == elf::SHN_XINDEX && !sections_.empty()) index = sections_[0].sh_link;
    return index < sections_.size() ? contents(sections_[index]) : std::span<const std::uint8_t>{};
  }

  std::span<const std::uint8_t> contents(const RawSection& raw) const {
    return raw.sh_type == elf::SHT_NOBITS ? std::span<const std::uint8_t>{} : slice(bytes_, raw.sh_offset, raw.sh_size);
  }

  /// A file whose section headers were removed still loads: its segments stand in for them.
  void add_segments_as_sections(const Range& relro) {
    unsigned number = 0;
    for (const Program& segment : programs_) {
      if (segment.p_type != elf::PT_LOAD) continue;
      const std::string name = "segment" + std::to_string(number++);
      const std::uint64_t begin = segment.p_vaddr, stored = segment.p_filesz, size = segment.p_memsz;
      const auto add = [&](std::uint64_t from, std::uint64_t to, model::SectionClass kind, const char* suffix) {
        if (to <= from) return;
        Section section;
        section.name = name + suffix;
        section.address = from;
        section.size = to - from;
        section.kind = kind;
        section.executable = (segment.p_flags & elf::PF_X) != 0;
        if (from - begin < stored) {
          section.bytes =
              slice(bytes_, segment.p_offset + (from - begin), std::min(to - from, stored - (from - begin)));
        }
        image_.sections.push_back(std::move(section));
      };
      if ((segment.p_flags & elf::PF_W) == 0) {
        add(begin, begin + size, model::SectionClass::constant, "");
        continue;
      }
      const std::uint64_t split =
          relro.end > begin && relro.begin <= begin ? std::min(relro.end, begin + stored) : begin;
      add(begin, split, model::SectionClass::constant, ".relro");
      add(split, begin + stored, model::SectionClass::data, "");
      add(std::max(split, begin + stored), begin + size, model::SectionClass::zero, ".zero");
    }
  }

  /// What the file holds from an address on, at most `size` bytes; nothing for an address that no segment loads.
  std::span<const std::uint8_t> loaded(std::uint64_t address, std::uint64_t size) const {
    for (const Program& segment : programs_) {
      if (segment.p_type != elf::PT_LOAD || address < segment.p_vaddr) continue;
      const std::uint64_t offset = address - segment.p_vaddr;
      if (offset < segment.p_filesz) {
        return slice(bytes_, segment.p_offset + offset, std::min<std::uint64_t>(size, segment.p_filesz - offset));
      }
    }
    return {};
  }

  void read_dynamic_table() {
    std::span<const std::uint8_t> table;
    for (const Program& segment : programs_) {
      if (segment.p_type == elf::PT_DYNAMIC) table = slice(bytes_, segment.p_offset, segment.p_filesz);
    }
    dynamic_ = entries<Dynamic>(table);
    for (std::size_t i = 0; i < dynamic_.size(); ++i) {
      if (dynamic_[i].d_tag == elf::DT_NULL) dynamic_ = dynamic_.first(i);
    }
    if (const auto names = value_of(elf::DT_STRTAB)) {
      names_ = loaded(*names, value_of(elf::DT_STRSZ).value_or(std::numeric_limits<std::uint64_t>::max()));
    }
    for (const Dynamic& entry : dynamic_) {
      if (entry.d_tag != elf::DT_NEEDED) continue;
      if (const auto name = name_in(names_, entry.d_un.d_val); !name.empty()) image_.libraries.emplace_back(name);
    }
  }

  std::optional<std::uint64_t> value_of(std::int64_t tag) const {
    // The last one counts, as for the dynamic linker.
    std::optional<std::uint64_t> found;
    for (const Dynamic& entry : dynamic_) {
      if (entry.d_tag == tag) found = entry.d_un.d_val;
    }
    return found;
  }

  /// The dynamic symbol table has no length of its own: its hash table knows, and so does its section.
  std::uint64_t dynamic_symbol_count() const {
    std::uint64_t count = 0;
    if (const auto hash = value_of(elf::DT_HASH)) {
      const auto words = entries<Word>(loaded(*hash, 2 * sizeof(Word)));
      if (words.size() == 2) count = words[1];
    }
    if (const auto hash = value_of(elf::DT_GNU_HASH)) count = std::max(count, gnu_hash_count(*hash));
    for (const RawSection& raw : sections_) {
      if (raw.sh_type == elf::SHT_DYNSYM && raw.sh_addr == value_of(elf::DT_SYMTAB)) {
        count = std::max<std::uint64_t>(count, raw.sh_size / sizeof(RawSymbol));
      }
    }
    return count;
  }

  /// One more than the highest symbol that the table leads to: the end of the chain that the highest bucket begins.
  std::uint64_t gnu_hash_count(std::uint64_t address) const {
    const auto words = entries<Word>(loaded(address, std::numeric_limits<std::uint64_t>::max()));
    if (words.size() < 4) return 0;
    const std::uint64_t buckets = words[0], first = words[1];
    const std::uint64_t bucket_at = 4 + std::uint64_t{words[2]} * (sizeof(typename ELFT::uint) / sizeof(Word));
    if (bucket_at > words.size() || buckets > words.size() - bucket_at) return 0;
    std::uint64_t last = 0;
    for (const Word& bucket : words.subspan(bucket_at, buckets)) last = std::max<std::uint64_t>(last, bucket);
    if (last < first) return first;
    for (std::uint64_t at = bucket_at + buckets + (last - first); at < words.size(); ++at, ++last) {
      if ((words[at] & 1) != 0) return last + 1;
    }
    return last;
  }

  void add_dynamic_symbols() {
    const auto table = value_of(elf::DT_SYMTAB);
    if (!table) return;
    // Relocations may name symbols behind those that the hash table knows.
    all_symbols_ = entries<RawSymbol>(loaded(*table, std::numeric_limits<std::uint64_t>::max()));
    const std::uint64_t count = std::min<std::uint64_t>(dynamic_symbol_count(), all_symbols_.size());
    known_names_.assign(count, 0);
    for (const RawSymbol& raw : all_symbols_.first(count)) {
      const std::string_view name = name_in(names_, raw.st_name);
      if (name.empty() || raw.st_shndx == elf::SHN_ABS) continue;
      if (raw.st_shndx == elf::SHN_UNDEF) {
        image_.imports.emplace_back(name);
      } else {
        symbols_.push_back({raw.st_value, &raw, name, 0, true});
      }
    }
    std::ranges::sort(image_.imports);
    image_.imports.erase(std::unique(image_.imports.begin(), image_.imports.end()), image_.imports.end());
  }

  void add_symbol_table() {
    for (const RawSection& section : sections_) {
      if (section.sh_type != elf::SHT_SYMTAB || section.sh_link >= sections_.size()) continue;
      const auto names = contents(sections_[section.sh_link]);
      const auto symbols = entries<RawSymbol>(contents(section));
      symbols_.reserve(symbols_.size() + symbols.size());
      std::uint32_t unit = 0;
      for (const RawSymbol& raw : symbols.subspan(std::min<std::size_t>(1, symbols.size()))) {
        image_.has_symbol_table = true;
        const std::string_view name = name_in(names, raw.st_name);
        if (raw.getType() == elf::STT_FILE) {
          // The linker's own nameless file entry ends the last unit's symbols.
          unit = 0;
          if (!name.empty()) image_.units.emplace_back(name), unit = static_cast<std::uint32_t>(image_.units.size());
          continue;
        }
        if (name.empty() || raw.st_shndx == elf::SHN_UNDEF || raw.st_shndx == elf::SHN_ABS ||
            raw.getType() == elf::STT_SECTION) {
          continue;
        }
        symbols_.push_back({raw.st_value, &raw, name, raw.getBinding() == elf::STB_LOCAL ? unit : 0, false});
      }
      // The format allows one.
      return;
    }
  }

  /// By address, then by name; what both tables hold is there once, as exported.
  void sort_symbols() {
    const auto key = [](const Found& f) { return std::tuple(f.address, f.name, kind_of(f.raw->getType())); };
    const auto rank = [](const Found& f) { return std::tuple(!f.exported, std::uint64_t{f.raw->st_size}, f.unit); };
    std::ranges::sort(symbols_, [&](const Found& a, const Found& b) {
      if (a.address != b.address) return a.address < b.address;
      return std::pair(key(a), rank(a)) < std::pair(key(b), rank(b));
    });
    const auto rest = std::ranges::unique(symbols_, {}, key);
    symbols_.erase(rest.begin(), rest.end());
    image_.symbols.resize(symbols_.size());
    for (std::size_t i = 0; i < symbols_.size(); ++i) {
      const Found& found = symbols_[i];
      Symbol& symbol = image_.symbols[i];
      symbol.name = found.name;
      symbol.address = found.address;
      symbol.size = found.raw->st_size;
      symbol.kind = kind_of(found.raw->getType());
      symbol.local = found.raw->getBinding() == elf::STB_LOCAL;
      symbol.exported = found.exported;
      symbol.unit = found.unit;
    }
  }

  void add_relocations() {
    add_table<Rela>(elf::DT_RELA, elf::DT_RELASZ);
    add_table<Rel>(elf::DT_REL, elf::DT_RELSZ);
    if (value_of(elf::DT_PLTREL) == elf::DT_REL) {
      add_table<Rel>(elf::DT_JMPREL, elf::DT_PLTRELSZ);
    } else {
      add_table<Rela>(elf::DT_JMPREL, elf::DT_PLTRELSZ);
    }
    add_packed_relocations();
    const auto by_place = [](const Relocation& a, const Relocation& b) { return a.at < b.at; };
    // Linkers put the relative ones first, in order; the few that name symbols follow.
    const auto disorder = std::ranges::is_sorted_until(image_.relocations, by_place);
    std::stable_sort(disorder, image_.relocations.end(), by_place);
    std::inplace_merge(image_.relocations.begin(), disorder, image_.relocations.end(), by_place);
    const auto rest = std::ranges::unique(image_.relocations, {}, &Relocation::at);
    image_.relocations.erase(rest.begin(), rest.end());
    image_.number_relocations();
    std::ranges::stable_sort(image_.thread_words, {}, &ThreadWord::at);
  }

  template <class Raw>
  void add_table(std::int64_t place, std::int64_t size) {
    const auto begin = value_of(place), bytes = value_of(size);
    if (!begin || !bytes) return;
    const auto table = entries<Raw>(loaded(*begin, *bytes));
    image_.relocations.reserve(image_.relocations.size() + table.size());
    for (const Raw& raw : table) add_relocation(raw);
  }

  template <class Raw>
  void add_relocation(const Raw& raw) {
    if (is_thread_local(image_.machine, raw.getType(false))) return add_thread_word(raw);
    Relocation relocation{raw.r_offset, 0, 0};
    std::uint64_t addend = 0;
    if constexpr (std::is_same_v<Raw, Rela>) {
      addend = static_cast<std::uint64_t>(static_cast<std::int64_t>(raw.r_addend));
    } else {
      addend = image_.number_at(raw.r_offset, image_.pointer_size).value_or(0);
    }
    const std::uint32_t number = raw.getSymbol(false);
    relocation.target = addend;
    if (number != 0 && number < all_symbols_.size()) {
      const RawSymbol& symbol = all_symbols_[number];
      relocation.name = name_of(number);
      const bool here = relocation.name == 0 || symbol.st_shndx != elf::SHN_UNDEF;
      relocation.target = here ? symbol.st_value + addend : 0;
    }
    image_.relocations.push_back(relocation);
  }

  template <class Raw>
  void add_thread_word(const Raw& raw) {
    const std::uint32_t type = raw.getType(false);
    const bool module = asks_module(image_.machine, type);
    if (!module && !holds_thread_offset(image_.machine, type)) return;
    ThreadWord word{raw.r_offset, 0, false};
    const std::uint32_t number = raw.getSymbol(false);
    if (number != 0) {
      word.elsewhere = number >= all_symbols_.size() || all_symbols_[number].st_shndx == elf::SHN_UNDEF;
      if (!word.elsewhere) word.offset = all_symbols_[number].st_value;
    } else if (module) {
      word.offset = image_.number_at(raw.r_offset + image_.pointer_size, image_.pointer_size).value_or(0);
    }
    if constexpr (std::is_same_v<Raw, Rela>) {
      if (!module) word.offset += static_cast<std::uint64_t>(static_cast<std::int64_t>(raw.r_addend));
    }
    image_.thread_words.push_back(word);
  }

  std::uint32_t name_of(std::uint32_t number) {
    const bool counted = number < known_names_.size();
    if (counted && known_names_[number] != 0) return known_names_[number];
    const std::string_view name = name_in(names_, all_symbols_[number].st_name);
    if (name.empty()) return 0;
    image_.names.emplace_back(name);
    const auto place = static_cast<std::uint32_t>(image_.names.size());
    if (counted) known_names_[number] = place;
    return place;
  }

  /// Packed relative relocations: an even word is a place, an odd one a bit map of the 63 (31) places after it; the
  /// value lies in place.
  void add_packed_relocations() {
    const auto begin = value_of(elf::DT_RELR), size = value_of(elf::DT_RELRSZ);
    if (!begin || !size) return;
    const std::uint64_t width = image_.pointer_size;
    const auto add = [&](std::uint64_t place) {
      if (image_.relocations.size() > most_relocations()) return;
      if (const auto value = image_.number_at(place, image_.pointer_size))
        image_.relocations.push_back({place, *value, 0});
    };
    std::uint64_t next = 0;
    for (const typename ELFT::Relr& entry : entries<typename ELFT::Relr>(loaded(*begin, *size))) {
      const std::uint64_t word = entry;
      if ((word & 1) == 0) {
        add(word);
        next = word + width;
        continue;
      }
      for (std::uint64_t bit = 1; bit < width * 8; ++bit) {
        if ((word >> bit) & 1) add(next + (bit - 1) * width);
      }
      next += (width * 8 - 1) * width;
    }
  }

  Image& image_;
  std::span<const std::uint8_t> bytes_;
  const Header& header_;
  std::span<const Program> programs_{};
  std::span<const RawSection> sections_{};
  std::span<const Dynamic> dynamic_{};
  /// The dynamic string table.
  std::span<const std::uint8_t> names_{};
  /// From the start of the dynamic symbol table to the end of its segment.
  std::span<const RawSymbol> all_symbols_{};
  struct Found {
    std::uint64_t address = 0;
    const RawSymbol* raw = nullptr;
    std::string_view name{};
    std::uint32_t unit = 0;
    bool exported = false;
  };
  std::vector<Found> symbols_{};
  /// By symbol number: its name's index + 1 in the image.
  std::vector<std::uint32_t> known_names_{};
  std::uint64_t name_bytes_ = 0;
};

template <class ELFT>
ImageResult read_as(std::shared_ptr<const MappedFile> file, WantedName wanted) {
  const auto bytes = file->bytes();
  auto parsed =
      llvm::object::ELFFile<ELFT>::create(llvm::StringRef(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!parsed) {
    return {std::nullopt, "is damaged: its ELF tables cannot be parsed (" + toString(parsed.takeError()) + ")"};
  }
  ImageResult result{Image{}, {}};
  result.image->file = std::move(file);
  result.image->format = model::BinaryFormat::elf;
  result.image->pointer_size = ELFT::Is64Bits ? 8 : 4;
  if (std::string wrong = ElfReader<ELFT>(*parsed, *result.image).run(wanted); !wrong.empty())
    return {std::nullopt, wrong};
  return result;
}

}  // namespace

ImageResult read_elf_image(std::shared_ptr<const MappedFile> file, WantedName wanted) {
  if (std::string wrong = check_elf(file->bytes()); !wrong.empty()) return {std::nullopt, wrong};
  const bool wide = file->bytes()[elf::EI_CLASS] == elf::ELFCLASS64;
  return wide ? read_as<llvm::object::ELF64LE>(std::move(file), wanted)
              : read_as<llvm::object::ELF32LE>(std::move(file), wanted);
}

}  // namespace isoaudit::analyzer
