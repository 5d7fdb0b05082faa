#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace isoaudit::analyzer {

/// A file's bytes, for as long as the value lives: mapped read-only, or (an archive's member) held in memory.
class MappedFile {
 public:
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  friend struct MappedFileResult;
  friend struct MappedFileResult map_file(const std::string& path);
  friend std::shared_ptr<const MappedFile> hold_bytes(std::string bytes);
  explicit MappedFile(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  explicit MappedFile(std::string bytes)
      : held_(std::move(bytes)), bytes_(reinterpret_cast<const std::uint8_t*>(held_.data()), held_.size()) {}

  std::string held_{};
  std::span<const std::uint8_t> bytes_;
};

struct MappedFileResult {
  /// Null when the file could not be read; `error` then says why.
  std::shared_ptr<const MappedFile> file{};
  std::string error{};
};

/// Only regular files are mapped: a folder, a pipe or a device is an error. An empty file is mapped as no bytes.
MappedFileResult map_file(const std::string& path);

/// A file that is not on disk: the bytes are kept as they are.
std::shared_ptr<const MappedFile> hold_bytes(std::string bytes);

}  // namespace isoaudit::analyzer
