#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace isoaudit::analyzer {

/// A file's bytes, mapped read-only for as long as the value lives.
class MappedFile {
 public:
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  friend struct MappedFileResult;
  friend struct MappedFileResult map_file(const std::string& path);
  explicit MappedFile(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::span<const std::uint8_t> bytes_;
};

struct MappedFileResult {
  /// Null when the file could not be read; `error` then says why.
  std::shared_ptr<const MappedFile> file{};
  std::string error{};
};

/// Only regular files are mapped: a folder, a pipe or a device is an error. An empty file is mapped as no bytes.
MappedFileResult map_file(const std::string& path);

}  // namespace isoaudit::analyzer
