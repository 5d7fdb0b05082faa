#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "analyzer/image/image.h"

namespace isoaudit::analyzer {

/// How the source declares a variable, as the debug information has it.
struct DeclaredVariable {
  /// "PyObject *", "struct cache [16]".
  std::string type{};
  /// As the compiler was given it; folders of the machine that built the file may be part of it.
  std::string file{};
  unsigned line = 0;
};

struct DeclaredVariables {
  /// By their addresses.
  std::map<std::uint64_t, DeclaredVariable> statics{};
  /// By their places in each thread's copy of the image's thread-local memory.
  std::map<std::uint64_t, DeclaredVariable> thread_locals{};
};

/// Variables with static or thread storage, from the file's own DWARF; empty where there is none or it is damaged.
/// LLVM's DWARF reader stays behind this header.
DeclaredVariables read_declared_variables(const Image& image);

}  // namespace isoaudit::analyzer
