#include "analyzer/archive/archive_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <locale.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "analyzer/archive/archive_name.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::size_t block_size = std::size_t{64} << 10;
/// libarchive's word for what is no archive of the formats that are switched on.
constexpr std::string_view unrecognized = "Unrecognized archive format";

/// libarchive turns names into the encoding of the calling thread's locale; ours is UTF-8 whatever the user's is.
class Utf8Names {
 public:
  Utf8Names() {
    static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (utf8 != nullptr) before_ = uselocale(utf8);
  }
  ~Utf8Names() {
    if (before_ != nullptr) uselocale(before_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t before_ = nullptr;
};

/// "ZIP 2.0 (deflation)": the way in brackets, unless it is one of those that wheels are packed in. Package indexes
/// take stored and deflated members alone; LZMA and its kind name, in a few bytes, how many gigabytes they want.
std::string unusual_method(std::string_view format) {
  if (!format.starts_with("ZIP")) return {};
  const std::size_t begin = format.find('('), end = format.rfind(')');
  if (begin == format.npos || end == format.npos || end < begin) return {};
  const std::string_view method = format.substr(begin + 1, end - begin - 1);
  const bool usual = method == "uncompressed" || method == "deflation" || method == "bzip";
  return usual ? std::string() : printable(method);
}

/// What a file is that is no archive: a download that went wrong, mostly.
std::string what_it_is(const std::string& path) {
  std::array<char, 512> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  std::string text(start.data(), static_cast<std::size_t>(file.gcount()));
  if (text.empty()) return "is empty";
  const bool zip = is_zip_name(path);
  if (zip && text.starts_with("PK\3\4")) return "is a zip archive without its directory: it is truncated";
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text.starts_with("<!doctype html") || text.starts_with("<html")) return "is an HTML page, not an archive";
  return zip ? "is no zip archive" : "is no tar archive";
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> units{"bytes", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  while (unit + 1 < units.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, units[unit]);
}

struct ArchiveStream::Handle {
  archive* reader = archive_read_new();
  archive_entry* entry = nullptr;

  Handle() = default;
  ~Handle() { archive_read_free(reader); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  std::string what() const {
    const char* text = archive_error_string(reader);
    return printable(text == nullptr ? "no reason given" : text);
  }
};

ArchiveStream::ArchiveStream(const std::string& path, const ArchiveLimits& limits)
    : handle_(std::make_unique<Handle>()), path_(path), limits_(limits) {
  std::error_code error;
  packed_ = std::filesystem::file_size(path, error);
  if (error) {
    error_ = "cannot be read: " + error.message();
    return;
  }
  archive* reader = handle_->reader;
  if (reader == nullptr) {
    error_ = "cannot be read: no memory";
    return;
  }
  if (is_zip_name(path)) {
    // Never by its local headers alone: what installers see is the directory at its end.
    archive_read_support_format_zip_seekable(reader);
  } else {
    archive_read_support_format_tar(reader);
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_xz(reader);
  }
  const Utf8Names names;
  if (archive_read_open_filename(reader, path.c_str(), block_size) == ARCHIVE_OK) return;
  const std::string reason = handle_->what();
  error_ = what_it_is(path);
  if (reason != unrecognized) error_.append(": ").append(reason);
}

ArchiveStream::~ArchiveStream() = default;

bool ArchiveStream::next() {
  if (!error_.empty()) return false;
  const Utf8Names names;
  int status = ARCHIVE_RETRY;
  for (int turn = 0; turn < 8 && status == ARCHIVE_RETRY; ++turn) {
    status = archive_read_next_header(handle_->reader, &handle_->entry);
  }
  if (status == ARCHIVE_EOF) return false;
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
    const std::string reason = handle_->what();
    const bool first = members_ == 0;
    error_ = first && reason == unrecognized
                 ? what_it_is(path_)
                 : fmt::format("cannot be read {}: {}", first ? "at all" : "beyond its member " + name_.path, reason);
    return false;
  }
  ++members_;
  look();
  error_ = over_limit();
  return error_.empty();
}

void ArchiveStream::look() {
  archive_entry* entry = handle_->entry;
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) name = archive_entry_pathname_utf8(entry);
  name_ = member_name(name == nullptr ? "\xff" : name);
  const char* link = archive_entry_hardlink(entry);
  if (link == nullptr) link = archive_entry_symlink(entry);
  link_target_ = link == nullptr ? "" : printable(link);
  const auto kind = archive_entry_filetype(entry);
  if (link != nullptr || kind == AE_IFLNK) {
    type_ = Type::link;
  } else {
    type_ = kind == AE_IFREG ? Type::file : kind == AE_IFDIR ? Type::folder : Type::other;
  }
  encrypted_ = archive_entry_is_encrypted(entry) != 0;
  const char* format = archive_format_name(handle_->reader);
  odd_method_ = unusual_method(format == nullptr ? "" : format);
  const la_int64_t size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0;
  size_ = type_ == Type::file && size > 0 ? static_cast<std::uint64_t>(size) : 0;
  unpacked_ = size_ > UINT64_MAX - unpacked_ ? UINT64_MAX : unpacked_ + size_;
}

std::string ArchiveStream::over_limit() {
  if (members_ > limits_.members) {
    return fmt::format("holds more than {} members (--max-members)", limits_.members);
  }
  if (unpacked_ > limits_.total) {
    return fmt::format("unpacks to more than {} (--max-archive-size)", size_text(limits_.total));
  }
  if (unpacked_ > limits_.ratio_from && unpacked_ / limits_.ratio > packed_) {
    return fmt::format("unpacks to more than {} times its size: a bomb (--max-archive-ratio)", limits_.ratio);
  }
  return "";
}

std::string ArchiveStream::read(const std::function<bool(std::string_view)>& sink) {
  if (encrypted_) return "is encrypted";
  if (!odd_method_.empty()) return fmt::format("is compressed in a way that wheels are not ({})", odd_method_);
  if (size_ > limits_.member) return fmt::format("is larger than {} (--max-member-size)", size_text(limits_.member));
  std::array<char, block_size> block{};
  std::uint64_t got = 0;
  while (true) {
    const la_ssize_t count = archive_read_data(handle_->reader, block.data(), block.size());
    if (count == ARCHIVE_RETRY) continue;
    if (count < 0) return "cannot be unpacked: " + handle_->what();
    if (count == 0) break;
    got += static_cast<std::uint64_t>(count);
    if (got > size_) return fmt::format("holds more than the {} bytes that the archive says it has", size_);
    if (!sink({block.data(), static_cast<std::size_t>(count)})) return "";
  }
  if (got < size_) return fmt::format("holds {} bytes, fewer than the {} that the archive says it has", got, size_);
  return "";
}

}  // namespace isoaudit::analyzer
