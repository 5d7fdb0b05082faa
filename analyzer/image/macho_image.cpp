// Mach-O tables in, Image out. The structures are LLVM's, the walk over them is ours: LIEF 0.12 does not know chained
// fixups and copies every section; LLVM's iterators run as long as a hostile table tells them to.
#include "analyzer/image/macho_image.h"

#include <llvm/BinaryFormat/MachO.h>

#include <algorithm>
#include <bit>
#include <tuple>
#include <unordered_map>

#include "analyzer/image/byte_view.h"
#include "analyzer/image/damage.h"
#include "analyzer/image/image_names.h"
#include "analyzer/image/macho_fixups.h"

namespace isoaudit::analyzer {
namespace {

namespace macho = llvm::MachO;

constexpr const char* cut_commands = "is cut short: its load commands are incomplete";
/// More machines than ever were in one file: a Java class begins with the same four bytes.
constexpr std::uint32_t most_slices = 32;
/// Deeper and larger than any real table of exports.
constexpr std::size_t most_export_nodes = 4'000'000;
constexpr std::uint32_t section_type_mask = 0xFF;

std::string arch_of(std::uint32_t type, std::uint32_t subtype) {
  switch (type) {
    case macho::CPU_TYPE_X86_64: return "x86_64";
    case macho::CPU_TYPE_ARM64:
      return (subtype & ~macho::CPU_SUBTYPE_MASK) == macho::CPU_SUBTYPE_ARM64E ? "arm64e" : "arm64";
    case macho::CPU_TYPE_ARM64_32: return "arm64_32";
    case macho::CPU_TYPE_I386: return "i386";
    case macho::CPU_TYPE_ARM: return "arm";
    case macho::CPU_TYPE_POWERPC: return "ppc";
    case macho::CPU_TYPE_POWERPC64: return "ppc64";
    default: return "machine " + std::to_string(type);
  }
}

struct Commands {
  ByteView symbols{}, strings{};
  std::uint64_t symbol_count = 0;
  ByteView chained{}, rebase{}, bind{}, weak_bind{}, lazy_bind{}, exports{}, function_starts{};
  bool has_fixups = false;
  bool has_old_relocations = false;
};

class MachoReader {
 public:
  MachoReader(std::shared_ptr<const MappedFile> file, ByteView slice) : view_(slice) {
    image_.file = std::move(file);
    image_.format = model::BinaryFormat::macho;
  }

  Image run() {
    read_header();
    read_commands();
    check_sections();
    read_symbols();
    read_exports();
    std::ranges::sort(image_.imports);
    image_.imports.erase(std::unique(image_.imports.begin(), image_.imports.end()), image_.imports.end());
    read_fixups();
    read_initializers();
    image_.functions = {FunctionTable::Kind::starts, commands_.function_starts.bytes(), base_};
    return std::move(image_);
  }

 private:
  void read_header() {
    const auto magic = need(view_.number(0, 4), "is cut short: its Mach-O header is incomplete");
    wide_ = magic == macho::MH_MAGIC_64;
    image_.pointer_size = wide_ ? 8 : 4;
    header_ = need(view_.at<macho::mach_header>(0), "is cut short: its Mach-O header is incomplete");
    image_.arch = arch_of(header_.cputype, header_.cpusubtype);
    if (image_.arch == "x86_64" && wide_) image_.machine = Machine::x86_64;
    if (image_.arch == "arm64" && wide_) image_.machine = Machine::aarch64;
    if (header_.filetype == macho::MH_OBJECT) {
      throw Damage("is an object file, not a bundle or library: it has not been linked");
    }
    if (header_.filetype != macho::MH_BUNDLE && header_.filetype != macho::MH_DYLIB) {
      throw Damage("is a Mach-O file, but neither a bundle nor a library");
    }
  }

  void read_commands() {
    std::uint64_t at = wide_ ? sizeof(macho::mach_header_64) : sizeof(macho::mach_header);
    const ByteView all = need(view_.part(at, header_.sizeofcmds), cut_commands);
    std::uint64_t offset = 0;
    for (std::uint32_t i = 0; i < header_.ncmds; ++i) {
      const auto head = need(all.at<macho::load_command>(offset), cut_commands);
      const auto command = need(all.part(offset, head.cmdsize), cut_commands);
      if (command.size() < sizeof head) throw Damage("is damaged: a load command is too small");
      take(head.cmd, command);
      offset += command.size();
    }
  }

  void take(std::uint32_t kind, const ByteView& command) {
    switch (kind) {
      case macho::LC_SEGMENT_64: return take_segment<macho::segment_command_64, macho::section_64>(command);
      case macho::LC_SEGMENT: return take_segment<macho::segment_command, macho::section>(command);
      case macho::LC_LOAD_DYLIB:
      case macho::LC_LOAD_WEAK_DYLIB:
      case macho::LC_REEXPORT_DYLIB:
      case macho::LC_LAZY_LOAD_DYLIB:
      case macho::LC_LOAD_UPWARD_DYLIB: return take_library(command);
      case macho::LC_SYMTAB: {
        const auto table = need(command.at<macho::symtab_command>(0), cut_commands);
        const std::uint64_t each = wide_ ? sizeof(macho::nlist_64) : sizeof(macho::nlist);
        commands_.symbols = part(table.symoff, table.nsyms * each, "symbol table");
        commands_.strings = part(table.stroff, table.strsize, "string table");
        commands_.symbol_count = table.nsyms;
        return;
      }
      case macho::LC_DYSYMTAB: {
        const auto table = need(command.at<macho::dysymtab_command>(0), cut_commands);
        commands_.has_old_relocations = table.nextrel != 0 || table.nlocrel != 0;
        return;
      }
      case macho::LC_DYLD_INFO:
      case macho::LC_DYLD_INFO_ONLY: {
        const auto info = need(command.at<macho::dyld_info_command>(0), cut_commands);
        commands_.rebase = part(info.rebase_off, info.rebase_size, "table of rebased pointers");
        commands_.bind = part(info.bind_off, info.bind_size, "table of bound pointers");
        commands_.weak_bind = part(info.weak_bind_off, info.weak_bind_size, "table of weakly bound pointers");
        commands_.lazy_bind = part(info.lazy_bind_off, info.lazy_bind_size, "table of lazily bound pointers");
        commands_.exports = part(info.export_off, info.export_size, "table of exports");
        commands_.has_fixups = true;
        return;
      }
      case macho::LC_DYLD_CHAINED_FIXUPS:
        commands_.chained = take_data(command, "table of chained fixups");
        commands_.has_fixups = true;
        return;
      case macho::LC_DYLD_EXPORTS_TRIE: commands_.exports = take_data(command, "table of exports"); return;
      case macho::LC_FUNCTION_STARTS:
        commands_.function_starts = take_data(command, "table of function starts");
        return;
      default: return;
    }
  }

  ByteView take_data(const ByteView& command, const char* what) const {
    const auto data = need(command.at<macho::linkedit_data_command>(0), cut_commands);
    return part(data.dataoff, data.datasize, what);
  }

  ByteView part(std::uint64_t offset, std::uint64_t size, const std::string& what) const {
    if (size == 0) return {};
    const std::optional<ByteView> bytes = view_.part(offset, size);
    if (!bytes) throw Damage("is cut short: its " + what + " lies beyond its end");
    return *bytes;
  }

  void take_library(const ByteView& command) {
    const auto library = need(command.at<macho::dylib_command>(0), cut_commands);
    std::string_view name = need(command.text(library.dylib.name), "is damaged: a needed library has no name");
    // "@rpath/libz.1.dylib", "/usr/lib/libSystem.B.dylib": the file, as other formats name it.
    if (const auto slash = name.rfind('/'); slash != name.npos) name.remove_prefix(slash + 1);
    image_.libraries.emplace_back(name);
  }

  template <class SegmentCommand, class SectionHeader>
  void take_segment(const ByteView& command) {
    const auto raw = need(command.at<SegmentCommand>(0), cut_commands);
    MachoSegment segment{raw.vmaddr, raw.vmsize, {}};
    if (segment.address + segment.size < segment.address) throw Damage("is damaged: a segment has no end");
    segment.stored = part(raw.fileoff, raw.filesize, "segment " + std::string(fixed_text(raw.segname)));
    if (raw.filesize > raw.vmsize) throw Damage("is damaged: a segment is larger in the file than in memory");
    if (raw.fileoff == 0 && raw.filesize != 0) base_ = raw.vmaddr;
    const bool constant = fixed_text(raw.segname) == "__TEXT" || fixed_text(raw.segname).ends_with("_CONST") ||
                          (raw.initprot & macho::VM_PROT_WRITE) == 0 || (raw.flags & macho::SG_READ_ONLY) != 0;
    segments_.push_back(segment);
    for (std::uint64_t i = 0; i < raw.nsects; ++i) {
      add_section(need(command.at<SectionHeader>(sizeof raw + i * sizeof(SectionHeader)), cut_commands), segment,
                  constant);
    }
  }

  template <class SectionHeader>
  void add_section(const SectionHeader& raw, const MachoSegment& segment, bool constant) {
    Section section;
    section.name = std::string(fixed_text(raw.segname)) + "," + std::string(fixed_text(raw.sectname));
    section.address = raw.addr;
    section.size = raw.size;
    const std::uint32_t type = raw.flags & section_type_mask;
    section.executable = (raw.flags & (macho::S_ATTR_PURE_INSTRUCTIONS | macho::S_ATTR_SOME_INSTRUCTIONS)) != 0;
    const bool zero =
        type == macho::S_ZEROFILL || type == macho::S_GB_ZEROFILL || type == macho::S_THREAD_LOCAL_ZEROFILL;
    section_kinds_.push_back(section.size == 0 ? 0 : type);
    numbered_.push_back(section);
    if (section.size == 0) return;
    if (raw.addr < segment.address || raw.size > segment.size || raw.addr - segment.address > segment.size - raw.size) {
      throw Damage("is damaged: section " + section.name + " lies outside its segment");
    }
    if (!zero) section.bytes = part(raw.offset, raw.size, "section " + section.name).bytes();
    switch (type) {
      case macho::S_THREAD_LOCAL_REGULAR:
      case macho::S_THREAD_LOCAL_ZEROFILL:
      case macho::S_THREAD_LOCAL_VARIABLES: section.kind = model::SectionClass::thread_local_; break;
      // Filled by dyld, never stored to by the module's own code.
      case macho::S_NON_LAZY_SYMBOL_POINTERS:
      case macho::S_LAZY_SYMBOL_POINTERS:
      case macho::S_LAZY_DYLIB_SYMBOL_POINTERS:
      case macho::S_THREAD_LOCAL_VARIABLE_POINTERS:
      case macho::S_MOD_INIT_FUNC_POINTERS:
      case macho::S_MOD_TERM_FUNC_POINTERS: section.kind = model::SectionClass::constant; break;
      default:
        // Linkers before macOS 10.15 leave constants with pointers in the writable segment.
        section.kind = constant || section.name == "__DATA,__const" ? model::SectionClass::constant
                       : zero                                       ? model::SectionClass::zero
                                                                    : model::SectionClass::data;
        break;
    }
    numbered_.back() = section;
    image_.sections.push_back(std::move(section));
  }

  void check_sections() {
    std::ranges::stable_sort(image_.sections, {}, &Section::address);
    for (std::size_t i = 1; i < image_.sections.size(); ++i) {
      const Section& before = image_.sections[i - 1];
      if (image_.sections[i].address - before.address < before.size) throw Damage("is damaged: its sections overlap");
    }
    if (segments_.empty()) throw Damage("is damaged: it has no segments");
    if (commands_.has_old_relocations && !commands_.has_fixups) {
      throw Damage("has relocations of the kind before Mac OS X 10.6, which are not read");
    }
  }

  macho::nlist_64 entry(std::uint64_t number) const {
    if (wide_) return *commands_.symbols.at<macho::nlist_64>(number * sizeof(macho::nlist_64));
    const auto raw = *commands_.symbols.at<macho::nlist>(number * sizeof(macho::nlist));
    return {raw.n_strx, raw.n_type, raw.n_sect, static_cast<std::uint16_t>(raw.n_desc), raw.n_value};
  }

  void read_symbols() {
    ImageNames room(image_);
    for (std::uint64_t i = 0; i < commands_.symbol_count; ++i) {
      const macho::nlist_64 raw = entry(i);
      if ((raw.n_type & macho::N_STAB) != 0) continue;
      const unsigned type = raw.n_type & macho::N_TYPE;
      const bool external = (raw.n_type & macho::N_EXT) != 0;
      if (type != macho::N_SECT && !(type == macho::N_UNDF && external)) continue;
      const auto text = need(commands_.strings.text(raw.n_strx), "is damaged: a symbol's name is no text");
      const std::string_view name = without_underscore(text);
      if (name.empty()) continue;
      room.spend(name);
      if (type == macho::N_UNDF) {
        // The linker's own, in every file that binds lazily.
        if (name != "dyld_stub_binder") image_.imports.emplace_back(name);
        continue;
      }
      if (raw.n_sect == 0 || raw.n_sect > numbered_.size()) continue;
      const Section& home = numbered_[raw.n_sect - 1u];
      Symbol symbol;
      symbol.name = name;
      symbol.address = raw.n_value;
      symbol.kind = kind_in(home);
      symbol.local = !external;
      symbol.exported = external && (raw.n_type & macho::N_PEXT) == 0;
      image_.has_symbol_table = image_.has_symbol_table || symbol.local;
      has_exports_ = has_exports_ || symbol.exported;
      image_.symbols.push_back(std::move(symbol));
    }
    std::ranges::sort(image_.symbols, {},
                      [](const Symbol& s) { return std::tuple(s.address, std::string_view(s.name)); });
    if (image_.has_symbol_table) set_sizes();
  }

  static Symbol::Kind kind_in(const Section& section) {
    if (section.executable) return Symbol::Kind::function;
    return section.kind == model::SectionClass::thread_local_ ? Symbol::Kind::thread_local_ : Symbol::Kind::object;
  }

  /// A symbol reaches to the next one in its section. Only where static ones have names too.
  void set_sizes() {
    std::uint64_t next = 0, next_different = 0;
    for (auto symbol = image_.symbols.rbegin(); symbol != image_.symbols.rend(); ++symbol) {
      if (symbol->address != next) next_different = next;
      next = symbol->address;
      const auto home = std::ranges::upper_bound(image_.sections, symbol->address, {}, &Section::address);
      if (home == image_.sections.begin() || !std::prev(home)->contains(symbol->address)) continue;
      const std::uint64_t end = std::prev(home)->address + std::prev(home)->size;
      symbol->size =
          (next_different > symbol->address && next_different < end ? next_different : end) - symbol->address;
    }
  }

  /// The tree of exports that dyld itself uses; read where the symbol table was stripped of them.
  void read_exports() {
    if (has_exports_ || commands_.exports.empty()) return;
    struct Node {
      std::uint64_t offset = 0;
      std::string name{};
    };
    ImageNames room(image_);
    std::vector<Node> open{{0, ""}};
    std::size_t nodes = 0;
    while (!open.empty()) {
      const Node node = std::move(open.back());
      open.pop_back();
      if (++nodes > most_export_nodes || nodes > commands_.exports.size()) {
        throw Damage("is damaged: its tree of exports is a circle");
      }
      std::uint64_t at = node.offset;
      const std::uint64_t size = read_uleb(commands_.exports, at);
      if (size != 0) add_export(node.name, at);
      at += size;
      const auto children = need(commands_.exports.at<std::uint8_t>(at++), "is damaged: its tree of exports is cut");
      for (unsigned i = 0; i < children; ++i) {
        const auto edge = need(commands_.exports.text(at), "is damaged: its tree of exports is cut");
        room.spend(edge);
        at += edge.size() + 1;
        const std::uint64_t child = read_uleb(commands_.exports, at);
        if (node.name.size() + edge.size() > 8192) throw Damage("is damaged: an exported name is too long");
        open.push_back({child, node.name + std::string(edge)});
      }
    }
    std::ranges::sort(image_.symbols, {},
                      [](const Symbol& s) { return std::tuple(s.address, std::string_view(s.name)); });
  }

  void add_export(const std::string& name, std::uint64_t at) {
    const std::uint64_t flags = read_uleb(commands_.exports, at);
    if ((flags & macho::EXPORT_SYMBOL_FLAGS_REEXPORT) != 0) return;
    Symbol symbol;
    symbol.name = without_underscore(name);
    symbol.address = base_ + read_uleb(commands_.exports, at);
    const Section* home = image_.section_at(symbol.address);
    symbol.kind = home == nullptr ? Symbol::Kind::other : kind_in(*home);
    symbol.exported = true;
    image_.symbols.push_back(std::move(symbol));
  }

  void read_fixups() {
    std::unordered_map<std::string_view, std::uint64_t> defined;
    bool filled = false;
    ImageNames names(image_);
    const MachoFixups to{image_, names, segments_, base_, [&](std::string_view name) {
                           if (!filled) {
                             for (const Symbol& symbol : image_.symbols) {
                               if (!symbol.local) defined.emplace(symbol.name, symbol.address);
                             }
                             filled = true;
                           }
                           const auto found = defined.find(name);
                           return found == defined.end() ? std::uint64_t{0} : found->second;
                         }};
    if (!commands_.chained.empty()) read_chained_fixups(to, commands_.chained);
    read_rebases(to, commands_.rebase);
    read_binds(to, commands_.bind, BindTable::eager);
    read_binds(to, commands_.lazy_bind, BindTable::lazy);
    read_binds(to, commands_.weak_bind, BindTable::weak);
    // A weakly bound word is also slid: its name, and where the file's own definition lies, say more.
    std::ranges::stable_sort(image_.relocations, [](const Relocation& a, const Relocation& b) {
      return std::tuple(a.at, a.name == 0, a.target == 0) < std::tuple(b.at, b.name == 0, b.target == 0);
    });
    const auto rest = std::ranges::unique(image_.relocations, {}, &Relocation::at);
    image_.relocations.erase(rest.begin(), rest.end());
    if (image_.imports.empty()) add_bound_names_as_imports();
  }

  /// The symbol table was stripped.
  void add_bound_names_as_imports() {
    for (const Relocation& relocation : image_.relocations) {
      if (relocation.name != 0 && relocation.target == 0) image_.imports.push_back(image_.names[relocation.name - 1]);
    }
    std::ranges::sort(image_.imports);
    image_.imports.erase(std::unique(image_.imports.begin(), image_.imports.end()), image_.imports.end());
  }

  void read_initializers() {
    for (std::size_t i = 0; i < numbered_.size(); ++i) {
      const Section& section = numbered_[i];
      if (section_kinds_[i] == macho::S_MOD_INIT_FUNC_POINTERS) {
        for (const Relocation& r : image_.relocations_in(section.address, section.address + section.size)) {
          if (r.target != 0) image_.initializers.push_back(r.target);
        }
      } else if (section_kinds_[i] == macho::S_INIT_FUNC_OFFSETS) {
        const ByteView offsets(section.bytes);
        for (std::uint64_t at = 0; at + 4 <= offsets.size(); at += 4) {
          image_.initializers.push_back(base_ + *offsets.number(at, 4));
        }
      }
    }
  }

  ByteView view_;
  Image image_{};
  macho::mach_header header_{};
  bool wide_ = true;
  bool has_exports_ = false;
  std::uint64_t base_ = 0;
  Commands commands_{};
  std::vector<MachoSegment> segments_{};
  /// All sections as symbols number them, empty ones too, and their types.
  std::vector<Section> numbered_{};
  std::vector<std::uint32_t> section_kinds_{};
};

bool begins_with(std::span<const std::uint8_t> bytes, std::initializer_list<std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

bool is_thin(std::span<const std::uint8_t> bytes) {
  return begins_with(bytes, {0xCF, 0xFA, 0xED, 0xFE}) || begins_with(bytes, {0xCE, 0xFA, 0xED, 0xFE});
}

bool is_big_endian(std::span<const std::uint8_t> bytes) {
  return begins_with(bytes, {0xFE, 0xED, 0xFA, 0xCE}) || begins_with(bytes, {0xFE, 0xED, 0xFA, 0xCF});
}

/// Universal headers are big-endian on every machine.
std::uint64_t big(const ByteView& view, std::uint64_t offset, unsigned width) {
  const std::uint64_t value = need(view.number(offset, width), "is cut short: its list of slices is incomplete");
  return __builtin_bswap64(value) >> (64 - width * 8);
}

struct Slice {
  std::string arch{};
  ByteView bytes{};
};

std::vector<Slice> read_slices(const ByteView& file) {
  const bool wide = file.bytes()[3] == 0xBF;
  const std::uint64_t count = big(file, 4, 4), each = wide ? 32 : 20;
  if (count == 0 || count > most_slices)
    throw Damage("is not a compiled module: neither a universal file nor a known one");
  std::vector<Slice> slices;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = 8 + i * each;
    const std::string arch =
        arch_of(static_cast<std::uint32_t>(big(file, at, 4)), static_cast<std::uint32_t>(big(file, at + 4, 4)));
    const std::uint64_t offset = big(file, at + 8, wide ? 8 : 4), size = big(file, at + (wide ? 16 : 12), wide ? 8 : 4);
    const auto bytes = file.part(offset, size);
    if (!bytes) throw Damage("is cut short: its slice for " + arch + " lies beyond its end");
    slices.push_back({arch, *bytes});
  }
  return slices;
}

void add_slice(ImageResult& result, const std::shared_ptr<const MappedFile>& file, const Slice& slice, bool universal) {
  std::string error;
  try {
    if (is_big_endian(slice.bytes.bytes()))
      throw Damage("is a big-endian Mach-O file: that byte order is not supported");
    if (!is_thin(slice.bytes.bytes())) throw Damage("is damaged: no Mach-O file begins there");
    Image image = MachoReader(file, slice.bytes).run();
    if (!result.image) {
      result.image = std::move(image);
    } else {
      result.other_slices.push_back(std::move(image));
    }
    return;
  } catch (const Damage& damage) {
    error = damage.what();
  }
  if (universal) error = "its slice for " + slice.arch + " " + error;
  result.error += (result.error.empty() ? "" : "; ") + error;
}

}  // namespace

bool is_macho(std::span<const std::uint8_t> bytes) {
  return is_thin(bytes) || is_big_endian(bytes) || begins_with(bytes, {0xCA, 0xFE, 0xBA, 0xBE}) ||
         begins_with(bytes, {0xCA, 0xFE, 0xBA, 0xBF});
}

ImageResult read_macho_image(std::shared_ptr<const MappedFile> file) {
  ImageResult result;
  const ByteView view(file->bytes());
  const bool universal = begins_with(view.bytes(), {0xCA, 0xFE, 0xBA});
  try {
    const std::vector<Slice> slices = universal ? read_slices(view) : std::vector<Slice>{{"", view}};
    for (const Slice& slice : slices) add_slice(result, file, slice, universal);
  } catch (const Damage& damage) {
    result.error = damage.what();
  }
  return result;
}

}  // namespace isoaudit::analyzer
