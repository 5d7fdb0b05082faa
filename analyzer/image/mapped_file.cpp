#include "analyzer/image/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace isoaudit::analyzer {

MappedFile::~MappedFile() {
  if (held_.empty() && !bytes_.empty()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

MappedFileResult map_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes must not hang.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return {nullptr, std::string("cannot be read: ") + std::strerror(errno)};
  struct stat status{};
  MappedFileResult result;
  if (fstat(descriptor, &status) != 0) {
    result.error = std::string("cannot be read: ") + std::strerror(errno);
  } else if (!S_ISREG(status.st_mode)) {
    result.error = S_ISDIR(status.st_mode) ? "is a folder, not a file" : "is not a regular file";
  } else if (status.st_size == 0) {
    result.file.reset(new MappedFile(std::string()));
  } else {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (start == MAP_FAILED) {
      result.error = std::string("cannot be mapped: ") + std::strerror(errno);
    } else {
      result.file.reset(new MappedFile({static_cast<const std::uint8_t*>(start), size}));
    }
  }
  close(descriptor);
  return result;
}

std::shared_ptr<const MappedFile> hold_bytes(std::string bytes) {
  return std::shared_ptr<const MappedFile>(new MappedFile(std::move(bytes)));
}

}  // namespace isoaudit::analyzer
