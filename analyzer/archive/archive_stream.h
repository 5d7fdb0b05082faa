#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/archive/limits.h"
#include "analyzer/archive/member_name.h"

namespace isoaudit::analyzer {

/// One pass over an archive's members. libarchive stays behind this header, and of its formats only those that Python
/// packages come in are switched on: zip for .whl and .zip, tar (plain, gzip, bzip2, xz) for the rest.
class ArchiveStream {
 public:
  ArchiveStream(const std::string& path, const ArchiveLimits& limits);
  ~ArchiveStream();
  ArchiveStream(const ArchiveStream&) = delete;
  ArchiveStream& operator=(const ArchiveStream&) = delete;

  /// Goes to the next member; false at the end, or when the rest cannot be read or may not be: then error() says why.
  bool next();
  const std::string& error() const { return error_; }

  enum class Type { file, folder, link, other };
  const MemberName& name() const { return name_; }
  Type type() const { return type_; }
  /// Of a link: what it points to, fit to be shown.
  const std::string& link_target() const { return link_target_; }
  /// What the archive says; reading never gives more.
  std::uint64_t size() const { return size_; }
  bool encrypted() const { return encrypted_; }
  /// How the current member is compressed, when that is a way that no Python package is: it is not read then.
  const std::string& odd_method() const { return odd_method_; }

  /// Reads the current member in pieces. Returns why it could not be read to its end, or nothing. A false from `sink`
  /// ends the reading, without an error.
  std::string read(const std::function<bool(std::string_view)>& sink);

 private:
  void look();
  std::string over_limit();
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::string path_;
  ArchiveLimits limits_;
  std::uint64_t packed_ = 0;
  std::uint64_t unpacked_ = 0;
  std::size_t members_ = 0;
  std::string error_{};
  MemberName name_{};
  Type type_ = Type::file;
  std::string link_target_{};
  std::uint64_t size_ = 0;
  bool encrypted_ = false;
  std::string odd_method_{};
};

/// "2 GiB", "64 MiB", "100 bytes".
std::string size_text(std::uint64_t bytes);

}  // namespace isoaudit::analyzer
