#include "analyzer/source/kept_entries.h"

#include <fcntl.h>
#include <llvm/ADT/StringExtras.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <vector>

#include "analyzer/source/lookups.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view magic = "isoaudit facts\n";
constexpr std::string_view temporary = ".being-written-";
constexpr std::string_view endings[] = {".unit", ".lookups", ".program", ".facts", ".answer"};
constexpr std::size_t hash_size = 20;
using Size = std::uint64_t;

}  // namespace

std::optional<KeptEntries::Entry> KeptEntries::read(const std::string& name) const {
  if (!on()) return std::nullopt;
  const int file = open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string bytes;
  struct stat status{};
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t part = ::read(file, bytes.data() + got, bytes.size() - got);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) break;
    got += static_cast<std::size_t>(part);
  }
  close(file);
  const std::size_t head = magic.size() + sizeof(Size) + hash_size;
  if (got != bytes.size() || got < head || !bytes.starts_with(magic)) return std::nullopt;
  Size size = 0;
  std::memcpy(&size, bytes.data() + magic.size(), sizeof size);
  std::string hash = bytes.substr(head - hash_size, hash_size);
  // In place: what all units say is megabytes.
  bytes.erase(0, head);
  if (bytes.size() != size || content_hash(bytes) != hash) return std::nullopt;
  return Entry{std::move(hash), std::move(bytes)};
}

std::optional<std::string> KeptEntries::get(const std::string& name) const {
  std::optional<Entry> entry = read(name);
  if (!entry) return std::nullopt;
  return std::move(entry->payload);
}

std::optional<std::string> KeptEntries::get_content(const std::string& name) const {
  std::optional<Entry> entry = read(name);
  if (!entry || !name.starts_with(llvm::toHex(entry->hash, true))) return std::nullopt;
  return std::move(entry->payload);
}

std::string KeptEntries::put_content(std::string_view payload, std::string_view ending) {
  if (!on()) return {};
  std::string name = entry_name(payload, ending);
  if (!get_content(name)) put(name, payload);
  return trouble_.empty() ? name : std::string();
}

void KeptEntries::put(const std::string& name, std::string_view payload) {
  if (!on()) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  std::string unfinished = path_of(std::string(temporary) + "XXXXXX");
  const int file = mkostemp(unfinished.data(), O_CLOEXEC);
  int failure = file < 0 ? errno : 0;
  const Size size = payload.size();
  std::string bytes(magic);
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes.append(content_hash(payload)).append(payload);
  for (std::size_t put = 0; failure == 0 && put < bytes.size();) {
    const ssize_t wrote = ::write(file, bytes.data() + put, bytes.size() - put);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) failure = errno;
    if (wrote > 0) put += static_cast<std::size_t>(wrote);
  }
  if (file >= 0 && close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0 && rename(unfinished.c_str(), path_of(name).c_str()) != 0) failure = errno;
  if (failure == 0) return;
  if (file >= 0) unlink(unfinished.c_str());
  if (trouble_.empty()) trouble_ = folder_ + ": " + strerror(failure);
}

void KeptEntries::touch(const std::string& name) const { utimensat(AT_FDCWD, path_of(name).c_str(), nullptr, 0); }

void KeptEntries::trim(std::uint64_t most) const {
  if (!on()) return;
  struct File {
    fs::file_time_type when{};
    std::uint64_t size = 0;
    fs::path path{};
  };
  std::vector<File> files;
  std::uint64_t all = 0;
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    File file{it->last_write_time(ignored), it->file_size(ignored), it->path()};
    if (ignored) continue;
    if (file.path.filename().string().starts_with(temporary)) {
      if (now - file.when > std::chrono::hours(1)) fs::remove(file.path, ignored);
      continue;
    }
    const std::string kind = file.path.extension().string();
    if (std::ranges::find(endings, kind) == std::end(endings)) continue;  // not ours
    all += file.size;
    files.push_back(std::move(file));
  }
  if (all <= most) return;
  std::ranges::sort(files, {}, [](const File& file) { return std::pair(file.when, file.path); });
  // Below the cap by a quarter, so that not every run has to remove something.
  for (const File& file : files) {
    if (all <= most / 4 * 3) break;
    std::error_code ignored;
    if (fs::remove(file.path, ignored)) all -= file.size;
  }
}

std::string entry_name(std::string_view key, std::string_view ending) {
  return llvm::toHex(content_hash(key), true).append(ending);
}

}  // namespace isoaudit::analyzer
