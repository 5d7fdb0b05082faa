#include "analyzer/source/lookups.h"

#include <fcntl.h>
#include <llvm/Support/BLAKE3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace isoaudit::analyzer {
namespace {

std::string real_path_of(const std::string& path) {
  char* text = realpath(path.c_str(), nullptr);
  if (text == nullptr) return {};
  std::string real = text;
  free(text);
  return real;
}

/// The content's hash; empty when it cannot be read. Links at the end of the path are followed if `follow`.
std::string hash_of_file(const std::string& path, bool follow) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
  if (file < 0) return {};
  llvm::BLAKE3 hasher;
  static char buffer[1 << 18];
  ssize_t got = 0;
  while ((got = read(file, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    hasher.update(llvm::StringRef(buffer, static_cast<std::size_t>(got)));
  }
  close(file);
  if (got < 0) return {};
  const auto result = hasher.final<20>();
  return {result.begin(), result.end()};
}

std::string hash_of_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return error ? std::string() : listing_hash(std::move(names));
}

}  // namespace

std::string content_hash(std::string_view bytes) {
  llvm::BLAKE3 hasher;
  hasher.update(llvm::StringRef(bytes));
  const auto result = hasher.final<20>();
  return {result.begin(), result.end()};
}

std::string listing_hash(std::vector<std::string> names) {
  std::ranges::sort(names);
  std::string all;
  for (const std::string& name : names) all += name + '/';
  return content_hash(all);
}

bool LookupChecker::holds(const Lookup& lookup) {
  Known& known = known_[lookup.path];
  switch (lookup.answer) {
    case Answer::missing:
    case Answer::folder:
    case Answer::file:
      if (!known.kind_known) {
        struct stat status{};
        const bool there = stat(lookup.path.c_str(), &status) == 0;
        known.kind = !there ? Answer::missing : S_ISDIR(status.st_mode) ? Answer::folder : Answer::file;
        known.kind_known = true;
      }
      return known.kind == lookup.answer;
    case Answer::content:
    case Answer::linked: {
      const bool follow = lookup.answer == Answer::linked;
      if (!known.content_known || known.is_link != follow) {
        known.content = hash_of_file(lookup.path, follow);
        known.content_known = true;
        known.is_link = follow;
      }
      return !known.content.empty() && known.content == lookup.value;
    }
    case Answer::listing:
      if (!known.listing_known) known.listing = hash_of_folder(lookup.path);
      known.listing_known = true;
      return !known.listing.empty() && known.listing == lookup.value;
    case Answer::real_path:
      if (!known.real_path_known) known.real_path = real_path_of(lookup.path);
      known.real_path_known = true;
      return known.real_path == lookup.value;
  }
  return false;
}

}  // namespace isoaudit::analyzer
