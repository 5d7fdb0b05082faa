#include "analyzer/archive/read_archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <new>
#include <optional>
#include <set>

#include "analyzer/archive/archive_stream.h"

namespace isoaudit::analyzer {
namespace {

using model::Gap;

/// Names that are kept while an archive is read, all together.
constexpr std::size_t most_name_bytes = std::size_t{64} << 20;

struct Entry {
  std::uint64_t size = 0;
  /// Which of all members it is, counted from 0: the last of its name.
  std::size_t ordinal = 0;
  bool repeated = false;
};

struct Index {
  std::map<std::string, Entry, std::less<>> entries{};
  std::vector<Gap> gaps{};
};

class Indexer {
 public:
  Indexer(const std::string& archive, const MemberFilter& matters, const ArchiveLimits& limits)
      : archive_(archive), matters_(matters), limits_(limits) {}

  Index run() {
    ArchiveStream stream(archive_, limits_);
    for (std::size_t ordinal = 0; stream.next(); ++ordinal) {
      add(stream, ordinal);
      if (name_bytes_ <= most_name_bytes) continue;
      gap("", "its members' names are longer than " + size_text(most_name_bytes) + " together");
      break;
    }
    if (!stream.error().empty()) gap("", stream.error());
    for (const auto& [link, target] : links_) say_of_link(link, target);
    for (const auto& [name, entry] : index_.entries) {
      if (entry.repeated && matters_(name))
        gap(name, "is in the archive more than once: the last one was read, as installers do");
    }
    return std::move(index_);
  }

 private:
  void add(const ArchiveStream& stream, std::size_t ordinal) {
    const MemberName& name = stream.name();
    if (name.escapes) return gap(name.path, name.problem);
    if (!name.problem.empty()) {
      if (matters_(name.path)) gap(name.path, name.problem);
      return;
    }
    if (stream.type() == ArchiveStream::Type::folder) return;
    name_bytes_ += name.path.size();
    if (stream.type() == ArchiveStream::Type::link) {
      links_[name.path] = stream.link_target();
    } else if (stream.type() == ArchiveStream::Type::other) {
      if (matters_(name.path)) gap(name.path, "is neither a file nor a folder");
    } else if (stream.encrypted()) {
      if (matters_(name.path)) gap(name.path, "is encrypted");
    } else {
      const auto [at, fresh] = index_.entries.insert_or_assign(name.path, Entry{stream.size(), ordinal, false});
      if (!fresh) at->second.repeated = true;
    }
  }

  /// Links are not followed: what an installer makes of them depends on the installer. One to another member of a tar
  /// file loses nothing, that member is read under its own name.
  void say_of_link(const std::string& name, const std::string& target) {
    const bool absolute = target.starts_with('/');
    const std::filesystem::path beside = (std::filesystem::path(name).parent_path() / target).lexically_normal();
    if (absolute || beside.generic_string().starts_with("..")) {
      // The target of a hard link is a path from the archive's root.
      if (absolute || !index_.entries.contains(target)) {
        return gap(name, fmt::format("is a link that leaves the archive (to {}): not followed", target));
      }
    }
    if (!matters_(name)) return;
    if (!is_zip_name(archive_) && (index_.entries.contains(beside.generic_string()) || index_.entries.contains(target)))
      return;
    gap(name, fmt::format("is a link (to {}), not a file: not read", target));
  }

  void gap(const std::string& member, const std::string& reason) {
    index_.gaps.push_back({member.empty() ? archive_ : archive_ + "/" + member, reason});
  }

  const std::string& archive_;
  const MemberFilter& matters_;
  const ArchiveLimits& limits_;
  Index index_{};
  std::map<std::string, std::string> links_{};
  std::size_t name_bytes_ = 0;
};

/// Why the names could not all be read. What is wrong with single members, whoever lists them says.
std::vector<Gap> of_the_archive_itself(const Index& index, const std::string& archive) {
  std::vector<Gap> gaps;
  std::ranges::copy_if(index.gaps, std::back_inserter(gaps), [&](const Gap& gap) { return gap.input == archive; });
  return gaps;
}

/// Goes over the members a second time and reads those whose ordinal is in `chosen`.
void read_chosen(const std::string& archive, const std::map<std::size_t, std::string>& chosen,
                 const ArchiveLimits& limits, std::vector<Gap>& gaps,
                 const std::function<void(ArchiveStream&, const std::string& member)>& read) {
  if (chosen.empty()) return;
  ArchiveStream stream(archive, limits);
  std::size_t left = chosen.size();
  for (std::size_t ordinal = 0; left > 0 && stream.next(); ++ordinal) {
    const auto member = chosen.find(ordinal);
    if (member == chosen.end()) continue;
    --left;
    read(stream, member->second);
  }
  if (!stream.error().empty()) gaps.push_back({archive, stream.error()});
}

/// A file that is made here and nowhere else, and is gone again unless it was finished.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)),
        descriptor_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) error_ = std::strerror(errno);
  }
  ~NewFile() {
    if (descriptor_ < 0) return;
    close(descriptor_);
    if (!finished_) unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  bool write(std::string_view bytes) {
    while (error_.empty() && !bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) {
        error_ = std::strerror(errno);
      } else {
        bytes.remove_prefix(static_cast<std::size_t>(done));
      }
    }
    return error_.empty();
  }
  void finish() { finished_ = true; }
  const std::string& error() const { return error_; }

 private:
  std::string path_;
  int descriptor_;
  std::string error_{};
  bool finished_ = false;
};

std::string write_member(ArchiveStream& stream, const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) return "cannot be unpacked: " + error.message();
  NewFile out(file.string());
  std::string problem = out.error();
  if (problem.empty()) {
    std::string unread = stream.read([&](std::string_view bytes) { return out.write(bytes); });
    if (!unread.empty()) return unread;
    problem = out.error();
  }
  if (!problem.empty()) return "cannot be unpacked: " + problem;
  out.finish();
  return "";
}

}  // namespace

ArchiveListing list_archive(const std::string& archive, const MemberFilter& matters, const ArchiveLimits& limits) {
  Index index = Indexer(archive, matters, limits).run();
  ArchiveListing listing;
  listing.gaps = std::move(index.gaps);
  listing.members.reserve(index.entries.size());
  for (const auto& [name, entry] : index.entries) listing.members.push_back({name, entry.size});
  return listing;
}

std::vector<Gap> read_members(const std::string& archive, const std::vector<std::string>& wanted,
                              const TakeMember& take, const ArchiveLimits& limits) {
  std::vector<Gap> gaps;
  const std::set<std::string, std::less<>> names(wanted.begin(), wanted.end());
  const Index index = Indexer(archive, [](std::string_view) { return false; }, limits).run();
  gaps = of_the_archive_itself(index, archive);
  const bool whole = gaps.empty();
  std::map<std::size_t, std::string> chosen;
  for (const std::string& name : names) {
    const auto entry = index.entries.find(name);
    if (entry != index.entries.end()) {
      chosen[entry->second.ordinal] = name;
    } else if (whole) {
      gaps.push_back({archive + "/" + name, "is not in the archive"});
    }
  }
  read_chosen(archive, chosen, limits, gaps, [&](ArchiveStream& stream, const std::string& member) {
    std::string problem;
    try {
      std::string bytes;
      // All at once: growing would copy it and hold it twice. Of what a lying archive asks for nothing is touched.
      bytes.reserve(static_cast<std::size_t>(std::min(stream.size(), limits.member)));
      problem = stream.read([&](std::string_view piece) {
        bytes.append(piece);
        return true;
      });
      if (problem.empty()) return take(member, std::move(bytes));
    } catch (const std::bad_alloc&) {
      problem = "is larger than the memory there is";
    }
    gaps.push_back({archive + "/" + member, problem});
  });
  return gaps;
}

std::vector<Gap> unpack_archive(const std::string& archive, const std::string& folder,
                                const std::function<std::string(std::string_view member)>& place,
                                const ArchiveLimits& limits) {
  const Index index = Indexer(archive, [](std::string_view) { return false; }, limits).run();
  std::vector<Gap> gaps = of_the_archive_itself(index, archive);
  std::map<std::size_t, std::string> chosen;
  for (const auto& [name, entry] : index.entries) chosen[entry.ordinal] = name;
  read_chosen(archive, chosen, limits, gaps, [&](ArchiveStream& stream, const std::string& member) {
    const std::string path = place(member);
    if (path.empty()) return;
    const std::string problem = write_member(stream, std::filesystem::path(folder) / path);
    if (!problem.empty()) gaps.push_back({archive + "/" + member, problem});
  });
  return gaps;
}

}  // namespace isoaudit::analyzer
