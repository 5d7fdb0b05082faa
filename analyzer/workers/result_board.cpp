#include "analyzer/workers/result_board.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace isoaudit::analyzer {

struct ResultBoard::Row {
  std::atomic<std::uint64_t> offset{0};
  std::uint64_t size = 0;
  std::atomic<std::uint32_t> done{0};
};

ResultBoard::ResultBoard(std::size_t jobs) : jobs_(jobs) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");
  file_ = memfd_create("isoaudit results", MFD_CLOEXEC);
  void* memory = mmap(nullptr, (jobs + 1) * sizeof(Row), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (file_ < 0 || memory == MAP_FAILED) {
    error_ = std::string("no shared memory: ") + strerror(errno);
    return;
  }
  rows_ = static_cast<Row*>(memory);  // zero, as every new page is
}

ResultBoard::~ResultBoard() {
  if (rows_ != nullptr) munmap(rows_, (jobs_ + 1) * sizeof(Row));
  if (file_ >= 0) close(file_);
}

void ResultBoard::put(std::size_t job, std::string_view bytes) {
  Row& row = rows_[job + 1];
  const std::uint64_t offset = rows_[0].offset.fetch_add(bytes.size());
  std::uint64_t put = 0;
  while (put < bytes.size()) {
    const ssize_t wrote = pwrite(file_, bytes.data() + put, bytes.size() - put, static_cast<off_t>(offset + put));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    put += static_cast<std::uint64_t>(wrote);
  }
  row.offset = offset;
  row.size = bytes.size();
  row.done.store(1, std::memory_order_release);
}

bool ResultBoard::has(std::size_t job) const { return rows_[job + 1].done.load(std::memory_order_acquire) != 0; }

std::string ResultBoard::get(std::size_t job) const {
  if (!has(job)) return {};
  const Row& row = rows_[job + 1];
  std::string bytes(row.size, '\0');
  std::uint64_t got = 0;
  while (got < row.size) {
    const ssize_t part = pread(file_, bytes.data() + got, row.size - got, static_cast<off_t>(row.offset + got));
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return {};
    got += static_cast<std::uint64_t>(part);
  }
  return bytes;
}

}  // namespace isoaudit::analyzer
