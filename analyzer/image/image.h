#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/image/mapped_file.h"
#include "model/binary_facts.h"

/// One view of a compiled module for every object format: what lies at an address, once the loader has done its work
/// and before any code has run. The decoding of modules is written against it, once.
namespace isoaudit::analyzer {

enum class Machine { x86_64, aarch64, other };

struct Section {
  std::string name{};
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  /// `constant` includes what the loader makes read-only after relocation (RELRO).
  model::SectionClass kind = model::SectionClass::other;
  bool executable = false;
  /// What the file holds of it; shorter than `size` (or empty) where memory starts as zeros.
  std::span<const std::uint8_t> bytes{};

  bool contains(std::uint64_t at) const { return at >= address && at - address < size; }
  /// Stays writable while the module runs, and is one for the whole process.
  bool writable() const { return kind == model::SectionClass::data || kind == model::SectionClass::zero; }
};

struct Symbol {
  enum class Kind { function, object, thread_local_, other };
  std::string name{};
  std::uint64_t address = 0;
  /// Mach-O and PE do not say: up to the next symbol where all have names, else 0.
  std::uint64_t size = 0;
  Kind kind = Kind::other;
  bool local = false;
  /// In the dynamic symbol table: other modules and the interpreter can see it.
  bool exported = false;
  /// The source file that the symbol table names for a local symbol; index + 1 into Image::units, 0 for none.
  std::uint32_t unit = 0;
};

/// A word that the loader fills in.
struct Relocation {
  std::uint64_t at = 0;
  /// Where it points; 0 when the symbol is defined elsewhere.
  std::uint64_t target = 0;
  /// Index + 1 into Image::names of the symbol that decides; 0 for none.
  std::uint32_t name = 0;
};

/// A word of the linker's table through which code learns where a thread-local variable lies.
struct ThreadWord {
  std::uint64_t at = 0;
  /// Counted from the start of the image's thread-local memory.
  std::uint64_t offset = 0;
  /// The variable is another module's: of where it lies nothing is known.
  bool elsewhere = false;
};

/// What a pointer-sized word holds after loading.
struct Pointer {
  enum class Kind {
    null,        ///< zero, and no relocation changes it
    address,     ///< an address inside the image
    import,      ///< a symbol that another module defines
    plain,       ///< a number that is not relocated: no pointer
    unreadable,  ///< outside every section
  } kind = Kind::unreadable;
  std::uint64_t value = 0;
  std::string_view name{};

  bool is_null() const { return kind == Kind::null; }
  /// Something that a static pointer may be: into the image or to another module.
  bool is_pointer() const { return kind == Kind::address || kind == Kind::import; }
};

/// A format's own list of functions, beside symbols and .eh_frame, as it lies in the file.
struct FunctionTable {
  enum class Kind {
    none,
    unwind_x64,    ///< PE .pdata: begin, end, unwind data, each counted from `base`
    unwind_arm64,  ///< PE .pdata: begin, unwind word or where it lies, counted from `base`
    starts,        ///< Mach-O LC_FUNCTION_STARTS: distances between starts in LEB128, the first from `base`
  } kind = Kind::none;
  std::span<const std::uint8_t> bytes{};
  std::uint64_t base = 0;
};

struct Image {
  std::shared_ptr<const MappedFile> file{};
  model::BinaryFormat format = model::BinaryFormat::elf;
  Machine machine = Machine::other;
  std::string arch{};
  unsigned pointer_size = 8;
  /// Sorted by address; only what is loaded.
  std::vector<Section> sections{};
  /// Defined symbols, sorted by address, then by name.
  std::vector<Symbol> symbols{};
  /// Sorted by place.
  std::vector<Relocation> relocations{};
  /// For every few bytes from the first relocation's place on the number of the first one that lies there or later;
  /// empty where they are few for the room, and without number_relocations().
  std::vector<std::uint32_t> relocation_numbers{};
  /// Sorted by place. ELF only: other formats ask in other ways.
  std::vector<ThreadWord> thread_words{};
  /// Names of relocated symbols.
  std::vector<std::string> names{};
  std::vector<std::string> units{};
  /// Undefined dynamic symbols, sorted.
  std::vector<std::string> imports{};
  /// Needed libraries in the file's order.
  std::vector<std::string> libraries{};
  FunctionTable functions{};
  /// Functions that the loader calls, where the sections do not tell: Mach-O's initialisers, a DLL's entry point.
  std::vector<std::uint64_t> initializers{};
  /// The file has a symbol table beside the dynamic one: static variables and functions have names.
  bool has_symbol_table = false;

  const Section* section_at(std::uint64_t address) const;
  const Section* section_named(std::string_view name) const;
  /// After the relocations are complete: they are asked for more often than there are instructions.
  void number_relocations();
  const Relocation* relocation_at(std::uint64_t address) const;
  /// The first relocation at an address or behind it.
  std::vector<Relocation>::const_iterator relocation_from(std::uint64_t address) const;
  /// Relocations in [begin, end).
  std::span<const Relocation> relocations_in(std::uint64_t begin, std::uint64_t end) const;
  /// The one of thread_words at an address; null when there is none.
  const ThreadWord* thread_word_at(std::uint64_t address) const;
  /// The address of what each thread's copy of the image's thread-local memory is made from; 0 when there is none.
  std::uint64_t thread_begin() const;
  /// The section that holds a place in the image's thread-local memory, and where in it; null behind its end.
  std::pair<const Section*, std::uint64_t> thread_section(std::uint64_t offset) const;
  /// `width` bytes (1 to 8) as a number, as the file has them; zeros in zero-initialised memory.
  std::optional<std::uint64_t> number_at(std::uint64_t address, unsigned width) const;
  Pointer pointer_at(std::uint64_t address) const;
  /// The NUL-terminated text at an address, without the NUL; empty optional when none ends inside its section or it is
  /// longer than `limit`.
  std::optional<std::string_view> text_at(std::uint64_t address, std::size_t limit = 4096) const;
  /// The smallest named function or object that covers the address.
  const Symbol* symbol_at(std::uint64_t address) const;
  /// Writable memory that holds nothing but zeros until code fills it. Not only .bss: Windows' linkers mix such
  /// variables among those that have values.
  bool starts_as_zeros(std::uint64_t address, unsigned size) const;
  bool imports_symbol(std::string_view name) const;
  std::string_view unit_of(const Symbol& symbol) const;
};

/// What the file holds of its executable sections.
std::uint64_t executable_bytes(const Image& image);

struct ImageResult {
  std::optional<Image> image{};
  /// Why there is none; with an image: which slices of a universal file could not be read, and why.
  std::string error{};
  /// A universal Mach-O file holds an image for each machine; the first is `image`.
  std::vector<Image> other_slices{};
};

/// Reads ELF shared objects, Windows DLLs and Mach-O libraries and bundles (LLVM stays behind this header).
/// Never throws: bytes that are no such file, end too early or lie about themselves give an error.
///
/// `wanted` is a cheap look: an ELF file none of whose exported names passes may be left with its sections, exported
/// symbols and imports alone. Most files beside modules are libraries, often large ones.
using WantedName = bool (*)(std::string_view exported);
ImageResult read_image(std::shared_ptr<const MappedFile> file, WantedName wanted = nullptr);

}  // namespace isoaudit::analyzer
