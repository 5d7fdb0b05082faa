#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace isoaudit::loader_probe {

/// Where an address of an ELF file lies.
struct Place {
  /// Demangled; empty when no symbol covers the address.
  std::string symbol{};
  /// As the linker knows it; the same as `symbol` in C.
  std::string linkage_name{};
  /// Bytes from the symbol's begin.
  std::uint64_t symbol_offset = 0;
  std::string section{};
  /// Bytes from the section's begin.
  std::uint64_t offset = 0;
};

/// Names the places of one file's writable memory, from its symbol table or, in a stripped file, its dynamic one.
class Symbolizer {
 public:
  /// A file that cannot be read names nothing.
  explicit Symbolizer(const std::string& path);
  ~Symbolizer();
  Symbolizer(Symbolizer&&) noexcept;
  Symbolizer& operator=(Symbolizer&&) noexcept;

  /// `address` as the file has it, without load bias; in the thread-local block when `is_thread_local`.
  Place find(std::uint64_t address, bool is_thread_local) const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace isoaudit::loader_probe
