#pragma once

#include <string>

namespace isoaudit::loader_probe {

/// A private folder that is gone with its contents at the end.
class ScratchFolder {
 public:
  /// Below `parent`, or where temporary files go when that is empty. Its path is empty when it could not be made.
  explicit ScratchFolder(const std::string& parent = "");
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace isoaudit::loader_probe
