#pragma once

#include <string>

namespace isoaudit::cli {

/// A temporary folder that only this user can read and that is gone with its contents in the end, however this process
/// ends: by its destructor, or (after Ctrl-C, a crash, a kill) by a small process that waits for that.
class PrivateFolder {
 public:
  PrivateFolder();
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  /// Canonical; empty when it could not be made, error() then says why.
  const std::string& path() const { return path_; }
  const std::string& error() const { return error_; }

 private:
  std::string path_{};
  std::string error_{};
  /// The end of the pipe whose closing tells the cleaner that this process is no more.
  int alive_ = -1;
  int cleaner_ = -1;
};

}  // namespace isoaudit::cli
