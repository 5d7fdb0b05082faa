#pragma once

#include <cstddef>
#include <cstdint>

namespace isoaudit::analyzer {

/// How much an archive may ask for. An archive that asks for more becomes a gap and is read no further: a few kilobytes
/// can unpack to more than any disk holds. The defaults let the largest wheels of the package index pass (2 GB packed).
struct ArchiveLimits {
  /// Bytes of all members together, unpacked.
  std::uint64_t total = std::uint64_t{16} << 30;
  /// Bytes of one member: what is held in memory at once while it is read.
  std::uint64_t member = std::uint64_t{2} << 30;
  std::size_t members = 200'000;
  /// Unpacked size over packed size of the whole archive, once more than `ratio_from` bytes came out. Wheels have 2 to
  /// 10, the densest source archives below 50.
  std::uint64_t ratio = 200;
  std::uint64_t ratio_from = std::uint64_t{64} << 20;
};

}  // namespace isoaudit::analyzer
