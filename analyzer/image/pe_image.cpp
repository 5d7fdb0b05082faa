// PE tables in, Image out. The structures are LLVM's, the walk over them is ours: LLVM's iterators over import tables
// and LIEF's parser trust counts and ends that a hostile file chooses, and LIEF copies every section.
#include "analyzer/image/pe_image.h"

#include <llvm/BinaryFormat/COFF.h>
#include <llvm/Object/COFF.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "analyzer/image/byte_view.h"
#include "analyzer/image/damage.h"
#include "analyzer/image/image_names.h"

namespace isoaudit::analyzer {
namespace {

namespace coff = llvm::COFF;
namespace object = llvm::object;

constexpr std::uint64_t header_pointer_at = 0x3C;
/// Beyond every address that Windows gives a DLL; sums with 32-bit offsets stay far from the edge.
constexpr std::uint64_t highest_base = std::uint64_t{1} << 62;

struct RawSection {
  std::uint32_t begin = 0, size = 0;
  ByteView stored{};
};

/// Writable while the file is loaded only: the loader's own address tables.
bool is_linker_table(std::string_view name) {
  return name == ".idata" || name == ".didat" || name == ".00cfg" || name.starts_with(".CRT");
}

class PeReader {
 public:
  explicit PeReader(std::shared_ptr<const MappedFile> file) : view_(file->bytes()) {
    image_.file = std::move(file);
    image_.format = model::BinaryFormat::pe;
  }

  Image run() {
    read_headers();
    read_sections();
    read_exports();
    read_symbol_table();
    ImageNames names(image_);
    read_imports(names);
    read_delay_imports(names);
    read_base_relocations();
    const object::data_directory functions = directory(coff::EXCEPTION_TABLE);
    if (functions.RelativeVirtualAddress != 0 && image_.machine != Machine::other) {
      image_.functions = {
          image_.machine == Machine::aarch64 ? FunctionTable::Kind::unwind_arm64 : FunctionTable::Kind::unwind_x64,
          table(functions, "exception").bytes(), base_};
    }
    if (entry_ != 0) image_.initializers.push_back(base_ + entry_);
    sort_tables();
    return std::move(image_);
  }

 private:
  void read_headers() {
    const auto start = need(view_.number(header_pointer_at, 4), "is cut short: its DOS header is incomplete");
    const auto signature = need(view_.number(start, 4), "is cut short: its PE header lies beyond its end");
    if (signature != 0x00004550) throw Damage("is a DOS program, not a Windows module");
    file_header_ = need(view_.at<object::coff_file_header>(start + 4), "is cut short: its PE header is incomplete");
    if ((file_header_.Characteristics & coff::IMAGE_FILE_DLL) == 0) throw Damage("is a Windows program, not a DLL");
    const std::uint64_t optional = start + 4 + sizeof(object::coff_file_header);
    const std::uint64_t optional_size = file_header_.SizeOfOptionalHeader;
    const auto magic = need(view_.number(optional, 2), "is cut short: its PE header is incomplete");
    std::uint64_t directories = 0, count = 0;
    if (magic == coff::PE32Header::PE32_PLUS) {
      const auto header =
          need(view_.at<object::pe32plus_header>(optional), "is cut short: its PE header is incomplete");
      base_ = header.ImageBase, count = header.NumberOfRvaAndSize, directories = sizeof header;
      entry_ = header.AddressOfEntryPoint;
    } else if (magic == coff::PE32Header::PE32) {
      const auto header = need(view_.at<object::pe32_header>(optional), "is cut short: its PE header is incomplete");
      base_ = header.ImageBase, count = header.NumberOfRvaAndSize, directories = sizeof header;
      entry_ = header.AddressOfEntryPoint;
      image_.pointer_size = 4;
    } else {
      throw Damage("is damaged: its PE header has an unknown kind");
    }
    if (base_ > highest_base) throw Damage("is damaged: its image base is impossible");
    count = std::min<std::uint64_t>(count, coff::NUM_DATA_DIRECTORIES);
    count = std::min(count, optional_size < directories ? 0 : (optional_size - directories) / 8);
    for (std::uint64_t i = 0; i < count; ++i) {
      directories_.push_back(need(view_.at<object::data_directory>(optional + directories + i * 8),
                                  "is cut short: its PE header is incomplete"));
    }
    section_table_ = optional + optional_size;
    set_machine();
  }

  void set_machine() {
    switch (file_header_.Machine) {
      case coff::IMAGE_FILE_MACHINE_AMD64: image_.arch = "x86_64", image_.machine = Machine::x86_64; break;
      case coff::IMAGE_FILE_MACHINE_ARM64: image_.arch = "arm64", image_.machine = Machine::aarch64; break;
      case coff::IMAGE_FILE_MACHINE_I386: image_.arch = "i386"; break;
      case coff::IMAGE_FILE_MACHINE_ARMNT: image_.arch = "arm"; break;
      default: throw Damage("is a Windows module for machine " + std::to_string(file_header_.Machine) + ": unknown");
    }
    const bool wide = image_.arch == "x86_64" || image_.arch == "arm64";
    if (wide != (image_.pointer_size == 8)) throw Damage("is damaged: its PE header does not fit its machine");
  }

  /// "/42": the name is too long for its field and lies in the string table.
  std::string section_name(const object::coff_section& raw) const {
    const std::string_view name = fixed_text(raw.Name);
    std::uint32_t offset = 0;
    if (!name.starts_with('/') ||
        std::from_chars(name.data() + 1, name.data() + name.size(), offset).ec != std::errc{}) {
      return std::string(name);
    }
    return std::string(strings().text(offset, 256).value_or(name));
  }

  ByteView strings() const {
    if (file_header_.PointerToSymbolTable == 0) return {};
    return view_.from(std::uint64_t{file_header_.PointerToSymbolTable} +
                      std::uint64_t{file_header_.NumberOfSymbols} * coff::Symbol16Size);
  }

  void read_sections() {
    std::uint64_t end = 0;
    for (unsigned i = 0; i < file_header_.NumberOfSections; ++i) {
      const auto raw = need(view_.at<object::coff_section>(section_table_ + i * sizeof(object::coff_section)),
                            "is cut short: its section headers lie beyond its end");
      const std::uint32_t size = raw.VirtualSize != 0 ? raw.VirtualSize : raw.SizeOfRawData;
      const std::uint32_t stored = std::min<std::uint32_t>(size, raw.PointerToRawData == 0 ? 0 : raw.SizeOfRawData);
      if (size == 0) continue;
      if (raw.VirtualAddress < end) throw Damage("is damaged: its sections overlap");
      end = std::uint64_t{raw.VirtualAddress} + size;
      const auto bytes = need(view_.part(raw.PointerToRawData, stored), "is cut short: a section lies beyond its end");
      raw_sections_.push_back({raw.VirtualAddress, size, bytes});
      add_section(raw, size, bytes);
    }
  }

  void add_section(const object::coff_section& raw, std::uint32_t size, const ByteView& bytes) {
    Section section;
    section.name = section_name(raw);
    section.address = base_ + raw.VirtualAddress;
    section.size = size;
    section.bytes = bytes.bytes();
    section.executable = (raw.Characteristics & coff::IMAGE_SCN_MEM_EXECUTE) != 0;
    const bool writable = (raw.Characteristics & coff::IMAGE_SCN_MEM_WRITE) != 0;
    if (section.name == ".tls" || section.name.starts_with(".tls$")) {
      section.kind = model::SectionClass::thread_local_;
    } else if (!writable || is_linker_table(section.name)) {
      section.kind = model::SectionClass::constant;
    } else {
      section.kind = model::SectionClass::data;
    }
    if (section.kind == model::SectionClass::data) return add_data(std::move(section));
    image_.sections.push_back(std::move(section));
  }

  /// The linker appends .bss to .data and pads the file with zeros: what starts as zeros is a section of its own here,
  /// because code has to fill it.
  void add_data(Section data) {
    std::size_t stored = data.bytes.size();
    while (stored > 0 && data.bytes[stored - 1] == 0) --stored;
    stored = std::min<std::size_t>((stored + 15) / 16 * 16, data.bytes.size());
    Section zeros = data;
    zeros.name = data.name == ".data" ? ".bss" : data.name + ".bss";
    zeros.kind = model::SectionClass::zero;
    zeros.address = data.address + stored;
    zeros.size = data.size - stored;
    zeros.bytes = {};
    data.size = stored;
    data.bytes = data.bytes.first(stored);
    if (data.size != 0) image_.sections.push_back(std::move(data));
    if (zeros.size != 0) image_.sections.push_back(std::move(zeros));
  }

  object::data_directory directory(unsigned number) const {
    return number < directories_.size() ? directories_[number] : object::data_directory{};
  }

  /// What the file holds from a place in memory to the end of its section.
  ByteView at(std::uint64_t rva) const {
    auto next = std::ranges::upper_bound(raw_sections_, rva, {}, &RawSection::begin);
    if (next == raw_sections_.begin()) return {};
    --next;
    return next->stored.from(rva - next->begin);
  }

  ByteView table(const object::data_directory& entry, const std::string& name) const {
    const std::optional<ByteView> bytes = at(entry.RelativeVirtualAddress).part(0, entry.Size);
    if (!bytes) throw Damage("is damaged: its " + name + " table lies outside its sections");
    return *bytes;
  }

  std::string_view name_at(std::uint64_t rva, const char* reason) const { return need(at(rva).text(0), reason); }

  bool is_code(std::uint64_t address) const {
    const Section* section = image_.section_at(address);
    return section != nullptr && section->executable;
  }

  void read_exports() {
    const object::data_directory entry = directory(coff::EXPORT_TABLE);
    if (entry.RelativeVirtualAddress == 0) return;
    constexpr const char* damaged = "is damaged: its export table lies outside its sections";
    const auto header = need(at(entry.RelativeVirtualAddress).at<object::export_directory_table_entry>(0), damaged);
    const std::uint64_t names = header.NumberOfNamePointers, functions = header.AddressTableEntries;
    if (names == 0) return;
    const ByteView pointers = need(at(header.NamePointerRVA).part(0, names * 4), damaged);
    const ByteView ordinals = need(at(header.OrdinalTableRVA).part(0, names * 2), damaged);
    const ByteView addresses = need(at(header.ExportAddressTableRVA).part(0, functions * 4), damaged);
    ImageNames room(image_);
    for (std::uint64_t i = 0; i < names; ++i) {
      const std::string_view name = name_at(*pointers.number(i * 4, 4), "is damaged: an exported name is no text");
      const auto rva =
          need(addresses.number(*ordinals.number(i * 2, 2) * 4, 4), "is damaged: an export has an impossible number");
      // A forwarder: the text there names another DLL's export.
      if (rva - entry.RelativeVirtualAddress < entry.Size) continue;
      room.spend(name);
      Symbol symbol;
      symbol.name = name;
      symbol.address = base_ + rva;
      symbol.kind = is_code(symbol.address) ? Symbol::Kind::function : Symbol::Kind::object;
      symbol.exported = true;
      image_.symbols.push_back(std::move(symbol));
    }
  }

  /// GNU's linker keeps one unless the file is stripped; Microsoft's never does.
  void read_symbol_table() {
    const std::uint64_t start = file_header_.PointerToSymbolTable, count = file_header_.NumberOfSymbols;
    if (start == 0 || count == 0) return;
    const ByteView entries =
        need(view_.part(start, count * coff::Symbol16Size), "is cut short: its symbol table lies beyond its end");
    ImageNames room(image_);
    std::uint32_t unit = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto raw = *entries.at<object::coff_symbol16>(i * coff::Symbol16Size);
      const unsigned auxiliary = raw.NumberOfAuxSymbols;
      if (raw.StorageClass == coff::IMAGE_SYM_CLASS_FILE && auxiliary != 0) {
        const auto name = entries.part((i + 1) * coff::Symbol16Size, coff::Symbol16Size);
        const std::string_view text = name ? name->text(0, coff::Symbol16Size).value_or("") : std::string_view();
        unit = 0;
        if (!text.empty()) image_.units.emplace_back(text), unit = static_cast<std::uint32_t>(image_.units.size());
      } else {
        add_symbol(raw, unit, room);
      }
      i += auxiliary;
    }
  }

  void add_symbol(const object::coff_symbol16& raw, std::uint32_t unit, ImageNames& room) {
    const bool local = raw.StorageClass == coff::IMAGE_SYM_CLASS_STATIC;
    const auto number = static_cast<std::int16_t>(static_cast<std::uint16_t>(raw.SectionNumber));
    if (!local && raw.StorageClass != coff::IMAGE_SYM_CLASS_EXTERNAL) return;
    if (number <= 0 || number > static_cast<int>(file_header_.NumberOfSections)) return;
    const auto section = view_.at<object::coff_section>(section_table_ + (number - 1u) * sizeof(object::coff_section));
    std::string_view name = fixed_text(raw.Name.ShortName);
    if (raw.Name.Offset.Zeroes == 0) name = strings().text(raw.Name.Offset.Offset).value_or("");
    // A section's own symbol.
    if (!section || name.empty() || name.starts_with('.')) return;
    if (image_.pointer_size == 4 && name.starts_with('_')) name.remove_prefix(1);
    room.spend(name);
    image_.has_symbol_table = true;
    Symbol symbol;
    symbol.name = name;
    symbol.address = base_ + section->VirtualAddress + raw.Value;
    const Section* home = image_.section_at(symbol.address);
    symbol.kind = home == nullptr    ? Symbol::Kind::other
                  : home->executable ? Symbol::Kind::function
                                     : Symbol::Kind::object;
    symbol.local = local;
    symbol.unit = local ? unit : 0;
    image_.symbols.push_back(std::move(symbol));
  }

  /// One library's names and the slots that the loader fills with their addresses.
  void read_thunks(std::uint64_t lookup, std::uint64_t slots, std::string_view library, ImageNames& names) {
    const unsigned width = image_.pointer_size;
    const std::uint64_t by_number = std::uint64_t{1} << (width * 8 - 1);
    const ByteView entries = at(lookup);
    for (std::uint64_t i = 0;; ++i) {
      const auto entry = need(entries.number(i * width, width), "is damaged: an import table has no end");
      if (entry == 0) return;
      // Every import has a slot of its own in the file.
      if (++imports_ > view_.size() / width) throw Damage("is damaged: it has more imports than room for them");
      std::string_view name;
      if ((entry & by_number) != 0) {
        name = *numbered_.insert(std::string(library) + "#" + std::to_string(entry & 0xFFFF)).first;
      } else {
        name = name_at((entry & 0x7FFFFFFF) + 2, "is damaged: an imported name is no text");
      }
      image_.relocations.push_back({base_ + slots + i * width, 0, names.number_of(name)});
    }
  }

  void read_imports(ImageNames& names) {
    const object::data_directory entry = directory(coff::IMPORT_TABLE);
    if (entry.RelativeVirtualAddress == 0) return;
    const ByteView descriptors = at(entry.RelativeVirtualAddress);
    for (std::uint64_t i = 0;; ++i) {
      const auto descriptor = need(descriptors.at<object::coff_import_directory_table_entry>(
                                       i * sizeof(object::coff_import_directory_table_entry)),
                                   "is damaged: its import table has no end");
      if (descriptor.isNull() || descriptor.NameRVA == 0) return;
      const std::string_view library = name_at(descriptor.NameRVA, "is damaged: an imported library has no name");
      names.spend(library);
      image_.libraries.emplace_back(library);
      const std::uint64_t lookup = descriptor.ImportLookupTableRVA;
      read_thunks(lookup != 0 ? lookup : descriptor.ImportAddressTableRVA, descriptor.ImportAddressTableRVA, library,
                  names);
    }
  }

  void read_delay_imports(ImageNames& names) {
    const object::data_directory entry = directory(coff::DELAY_IMPORT_DESCRIPTOR);
    if (entry.RelativeVirtualAddress == 0) return;
    const ByteView descriptors = at(entry.RelativeVirtualAddress);
    for (std::uint64_t i = 0;; ++i) {
      const auto descriptor = need(descriptors.at<object::delay_import_directory_table_entry>(
                                       i * sizeof(object::delay_import_directory_table_entry)),
                                   "is damaged: its delay import table has no end");
      if (descriptor.Name == 0) return;
      // Attribute 1: addresses count from the image base. Visual C++ 6 wrote others.
      if ((descriptor.Attributes & 1) == 0) throw Damage("has delayed imports of an old kind that is not read");
      const std::string_view library = name_at(descriptor.Name, "is damaged: a delayed library has no name");
      names.spend(library);
      image_.libraries.emplace_back(library);
      read_thunks(descriptor.DelayImportNameTable, descriptor.DelayImportAddressTable, library, names);
    }
  }

  void read_base_relocations() {
    const object::data_directory entry = directory(coff::BASE_RELOCATION_TABLE);
    if (entry.RelativeVirtualAddress == 0) return;
    const ByteView blocks = table(entry, "relocation");
    for (std::uint64_t offset = 0; offset + 8 <= blocks.size();) {
      const auto header = *blocks.at<object::coff_base_reloc_block_header>(offset);
      if (header.BlockSize == 0) return;
      const auto block = need(blocks.part(offset, header.BlockSize), "is damaged: a relocation block has no end");
      if (block.size() < 8) throw Damage("is damaged: a relocation block is too small");
      for (std::uint64_t place = 8; place + 2 <= block.size(); place += 2) {
        const std::uint64_t word = *block.number(place, 2);
        add_base_relocation(static_cast<unsigned>(word >> 12), header.PageRVA + (word & 0xFFF));
      }
      offset += block.size();
    }
  }

  void add_base_relocation(unsigned type, std::uint64_t rva) {
    const unsigned width = type == coff::IMAGE_REL_BASED_DIR64 ? 8 : type == coff::IMAGE_REL_BASED_HIGHLOW ? 4 : 0;
    if (width != image_.pointer_size) return;
    const auto target = at(rva).number(0, width);
    if (!target) throw Damage("is damaged: a relocation lies outside its sections");
    image_.relocations.push_back({base_ + rva, *target, 0});
  }

  void sort_tables() {
    image_.imports = image_.names;
    std::ranges::sort(image_.imports);
    std::ranges::stable_sort(image_.relocations, {}, &Relocation::at);
    const auto rest = std::ranges::unique(image_.relocations, {}, &Relocation::at);
    image_.relocations.erase(rest.begin(), rest.end());
    // An exported function is in both tables; the exported entry comes first and stays.
    const auto key = [](const Symbol& s) { return std::tuple(s.address, std::string_view(s.name), !s.exported); };
    std::ranges::sort(image_.symbols, {}, key);
    const auto again = std::ranges::unique(
        image_.symbols, [](const Symbol& a, const Symbol& b) { return a.address == b.address && a.name == b.name; });
    image_.symbols.erase(again.begin(), again.end());
  }

  ByteView view_;
  Image image_{};
  object::coff_file_header file_header_{};
  std::vector<object::data_directory> directories_{};
  std::uint64_t section_table_ = 0;
  std::uint64_t base_ = 0, entry_ = 0;
  std::vector<RawSection> raw_sections_{};
  /// Texts of imports by number; a set's elements stay where they are.
  std::set<std::string> numbered_{};
  std::uint64_t imports_ = 0;
};

}  // namespace

ImageResult read_pe_image(std::shared_ptr<const MappedFile> file) {
  ImageResult result;
  try {
    result.image = PeReader(std::move(file)).run();
  } catch (const Damage& damage) {
    result.error = damage.what();
  }
  return result;
}

}  // namespace isoaudit::analyzer
