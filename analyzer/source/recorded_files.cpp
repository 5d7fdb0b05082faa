#include "analyzer/source/recorded_files.h"

#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Path.h>

#include <algorithm>
#include <filesystem>

namespace isoaudit::analyzer {
namespace {

namespace vfs = llvm::vfs;

Answer kind_of(const llvm::ErrorOr<vfs::Status>& status) {
  if (!status || !status->exists()) return Answer::missing;
  return status->isDirectory() ? Answer::folder : Answer::file;
}

/// Tells the hash of what was really read, whatever the file holds later.
class RecordedFile : public vfs::File {
 public:
  RecordedFile(std::unique_ptr<vfs::File> file, std::string path, RecordedFiles& record)
      : file_(std::move(file)), path_(std::move(path)), record_(record) {}

  llvm::ErrorOr<vfs::Status> status() override { return file_->status(); }
  llvm::ErrorOr<std::string> getName() override { return file_->getName(); }
  std::error_code close() override { return file_->close(); }

  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> getBuffer(const llvm::Twine& name, int64_t size, bool terminated,
                                                               bool is_volatile) override {
    auto buffer = file_->getBuffer(name, size, terminated, is_volatile);
    if (buffer) record_.note({path_, Answer::content, content_hash((*buffer)->getBuffer())});
    return buffer;
  }

 private:
  std::unique_ptr<vfs::File> file_;
  std::string path_;
  RecordedFiles& record_;
};

}  // namespace

RecordedFiles::RecordedFiles()
    : ProxyFileSystem(llvm::IntrusiveRefCntPtr<vfs::FileSystem>(vfs::createPhysicalFileSystem().release())) {}

std::string RecordedFiles::absolute(const llvm::Twine& path) const {
  llvm::SmallString<256> text;
  path.toVector(text);
  if (makeAbsolute(text)) return {};
  return text.str().str();
}

llvm::ErrorOr<vfs::Status> RecordedFiles::status(const llvm::Twine& path) {
  auto status = ProxyFileSystem::status(path);
  note({absolute(path), kind_of(status), {}});
  return status;
}

llvm::ErrorOr<std::unique_ptr<vfs::File>> RecordedFiles::openFileForRead(const llvm::Twine& path) {
  const std::string name = absolute(path);
  auto file = ProxyFileSystem::openFileForRead(path);
  if (!file) {
    const bool nothing = file.getError() == std::errc::no_such_file_or_directory;
    const Answer kind = nothing ? Answer::missing : kind_of(ProxyFileSystem::status(path));
    note({name, kind, {}});
    // There, but not to be opened: no Lookup says that.
    if (kind == Answer::file) contradiction_ = true;
    return file;
  }
  const llvm::ErrorOr<vfs::Status> status = (*file)->status();
  note({name, kind_of(status), {}});
  if (status) {
    // Clang takes two names of one file for one file. Links have a Lookup; a second hard link has none.
    const auto [first, is_new] =
        first_names_.try_emplace({status->getUniqueID().getDevice(), status->getUniqueID().getFile()}, name);
    std::error_code error;
    if (!is_new && first->second != name &&
        std::filesystem::canonical(first->second, error) != std::filesystem::canonical(name, error)) {
      contradiction_ = true;
    }
  }
  return std::make_unique<RecordedFile>(std::move(*file), name, *this);
}

vfs::directory_iterator RecordedFiles::dir_begin(const llvm::Twine& folder, std::error_code& error) {
  const std::string name = absolute(folder);
  std::vector<std::string> names;
  std::error_code failure;
  for (vfs::directory_iterator it = ProxyFileSystem::dir_begin(folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    names.push_back(llvm::sys::path::filename(it->path()).str());
  }
  if (failure) {
    note({name, kind_of(ProxyFileSystem::status(folder)), {}});
  } else {
    note({name, Answer::listing, listing_hash(std::move(names))});
  }
  return ProxyFileSystem::dir_begin(folder, error);
}

std::error_code RecordedFiles::getRealPath(const llvm::Twine& path, llvm::SmallVectorImpl<char>& output) {
  note_real_path(absolute(path));
  return ProxyFileSystem::getRealPath(path, output);
}

void RecordedFiles::note(Lookup lookup) {
  Known& known = known_[lookup.path];
  switch (lookup.answer) {
    case Answer::missing:
    case Answer::folder:
    case Answer::file:
      if (known.has_kind) {
        contradiction_ |= known.kind != lookup.answer;
        return;
      }
      known.has_kind = true;
      known.kind = lookup.answer;
      break;
    case Answer::content:
    case Answer::linked:
      if (known.has_content) {
        contradiction_ |= known.content != lookup.value;
        return;
      }
      known.has_content = true;
      known.content = lookup.value;
      break;
    case Answer::listing:
      if (known.has_listing) return;
      known.has_listing = true;
      break;
    case Answer::real_path:
      if (known.has_real_path) return;
      known.has_real_path = true;
      break;
  }
  fresh_.push_back(std::move(lookup));
}

void RecordedFiles::note_real_path(const std::string& path) {
  if (known_[path].has_real_path) return;
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error).string();
  note({path, Answer::real_path, error ? std::string() : real});
}

std::vector<Lookup> RecordedFiles::take() {
  // Reports name files by their real paths: of each file read, its folder's is noted, and its own when it is a link.
  std::vector<Lookup> read;
  for (Lookup& lookup : fresh_) {
    if (lookup.answer != Answer::content) continue;
    std::error_code error;
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(lookup.path, error))) {
      lookup.answer = Answer::linked;
    }
    read.push_back(lookup);
  }
  for (const Lookup& lookup : read) {
    note_real_path(std::filesystem::path(lookup.path).parent_path().string());
    if (lookup.answer == Answer::linked) note_real_path(lookup.path);
  }
  // What is said of a file's content says that it is there.
  std::erase_if(fresh_,
                [&](const Lookup& lookup) { return lookup.answer == Answer::file && known_[lookup.path].has_content; });
  std::ranges::sort(fresh_);
  return std::exchange(fresh_, {});
}

}  // namespace isoaudit::analyzer
