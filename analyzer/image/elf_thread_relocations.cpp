#include "analyzer/image/elf_thread_relocations.h"

#include <llvm/BinaryFormat/ELF.h>

namespace isoaudit::analyzer {

namespace elf = llvm::ELF;

bool is_thread_local(Machine machine, std::uint32_t type) {
  if (machine == Machine::x86_64) {
    return (type >= elf::R_X86_64_DTPMOD64 && type <= elf::R_X86_64_TPOFF32) || type == elf::R_X86_64_TLSDESC;
  }
  if (machine == Machine::aarch64) {
    return type >= elf::R_AARCH64_TLS_DTPMOD64 && type <= elf::R_AARCH64_TLSDESC;
  }
  return false;
}

bool asks_module(Machine machine, std::uint32_t type) {
  if (machine == Machine::x86_64) return type == elf::R_X86_64_DTPMOD64;
  return machine == Machine::aarch64 && type == elf::R_AARCH64_TLS_DTPMOD64;
}

bool holds_thread_offset(Machine machine, std::uint32_t type) {
  if (machine == Machine::x86_64) return type == elf::R_X86_64_TPOFF64 || type == elf::R_X86_64_TLSDESC;
  return machine == Machine::aarch64 && (type == elf::R_AARCH64_TLS_TPREL64 || type == elf::R_AARCH64_TLSDESC);
}

}  // namespace isoaudit::analyzer
