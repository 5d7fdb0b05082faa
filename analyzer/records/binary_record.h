#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/binary/collect_binary.h"

/// What collectors bring, as bytes that one process writes and another reads.
namespace isoaudit::analyzer {

std::string to_bytes(const std::vector<BinaryResult>& results);

struct BinaryRecord {
  std::vector<BinaryResult> results{};
  /// Why the bytes are no record: cut short, damaged, or of another version. Empty when `results` counts.
  std::string error{};
};

/// Never throws, whatever the bytes are; what it takes of memory is in proportion to them.
BinaryRecord binary_record(std::string_view bytes);

}  // namespace isoaudit::analyzer
