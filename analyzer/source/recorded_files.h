#pragma once

#include <llvm/Support/VirtualFileSystem.h>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/source/lookups.h"

namespace isoaudit::analyzer {

/// The real files, in a working folder of its own, with a record of every question and its answer.
class RecordedFiles : public llvm::vfs::ProxyFileSystem {
 public:
  RecordedFiles();

  llvm::ErrorOr<llvm::vfs::Status> status(const llvm::Twine& path) override;
  bool exists(const llvm::Twine& path) override { return static_cast<bool>(status(path)); }
  llvm::ErrorOr<std::unique_ptr<llvm::vfs::File>> openFileForRead(const llvm::Twine& path) override;
  llvm::vfs::directory_iterator dir_begin(const llvm::Twine& folder, std::error_code& error) override;
  std::error_code getRealPath(const llvm::Twine& path, llvm::SmallVectorImpl<char>& output) override;

  /// What a parse in another folder would have asked and been told.
  void note(Lookup lookup);
  /// More was asked than Lookups tell.
  void cannot_tell() { contradiction_ = true; }
  /// What was asked since the last time, sorted, with the real paths of the files that were read.
  std::vector<Lookup> take();
  /// The same question got two answers, as when files change while they are read; or one that no Lookup tells.
  bool contradicts_itself() const { return contradiction_; }

 private:
  std::string absolute(const llvm::Twine& path) const;

  /// Of each path all that is known by now: what stands here was told by take() or will be.
  struct Known {
    bool has_kind = false;
    bool has_content = false;
    bool has_listing = false;
    bool has_real_path = false;
    Answer kind = Answer::missing;
    std::string content{};
  };
  void note_real_path(const std::string& path);

  std::unordered_map<std::string, Known> known_{};
  std::vector<Lookup> fresh_{};
  /// By device and inode: as what a file was opened first.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> first_names_{};
  bool contradiction_ = false;
};

}  // namespace isoaudit::analyzer
