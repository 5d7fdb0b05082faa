#pragma once

#include <cstdint>
#include <deque>
#include <memory_resource>
#include <string>
#include <unordered_map>

#include "analyzer/code/decoder.h"

namespace isoaudit::analyzer {

/// Which imported function the code at an address leads to, when it is one of the linker's stubs (.plt, .plt.sec,
/// .plt.got and their like, found by what they do and not by their section): a jump through a pointer that the loader
/// fills in.
class CallTargets {
 public:
  CallTargets(const Image& image, Decoder& decoder) : image_(image), decoder_(decoder) {}

  /// The imported name, or empty when the address is not such a stub.
  const std::string& import_at(std::uint64_t address) { return imports_[target_at(address).import]; }
  /// The file's own code that such a stub leads to, because other modules might replace it; 0 when it is no such stub.
  std::uint64_t local_at(std::uint64_t address) { return target_at(address).local; }
  /// For messages: the import, else the file's own symbol, else empty.
  std::string name_at(std::uint64_t address);

 private:
  struct Target {
    /// Number of the name; 0 for none.
    std::uint32_t import = 0;
    std::uint64_t local = 0;
  };

  const Target& target_at(std::uint64_t address);
  bool stands_in_stub(const Instruction& instruction) const;
  bool decode(std::uint64_t address, Instruction& instruction);
  Target follow(std::uint64_t address);

  const Image& image_;
  Decoder& decoder_;
  std::deque<std::string> imports_{""};
  /// Of the table, which only grows.
  std::pmr::monotonic_buffer_resource room_{};
  std::pmr::unordered_map<std::uint64_t, Target> known_{&room_};
};

}  // namespace isoaudit::analyzer
