#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/archive/archive_name.h"
#include "analyzer/archive/limits.h"
#include "model/gap.h"

namespace isoaudit::analyzer {

struct ArchiveMember {
  /// As in the archive, without a leading "./": relative, forward slashes, no "..", valid UTF-8.
  std::string path{};
  std::uint64_t size = 0;

  auto operator<=>(const ArchiveMember&) const = default;
};

struct ArchiveListing {
  /// The regular files, sorted by path, each once.
  std::vector<ArchiveMember> members{};
  /// What in the archive is not as it should be: input "<archive>" or "<archive>/<member>".
  std::vector<model::Gap> gaps{};
};

/// What matters to the caller: members that it would read. A link or an encrypted member that nobody reads is no gap.
using MemberFilter = std::function<bool(std::string_view path)>;

/// Reads the names in an archive; of a zip file only its directory. Never throws. Members that are no regular files,
/// would land outside of the folder, are encrypted or have unreadable names are left out, with a gap.
ArchiveListing list_archive(const std::string& archive, const MemberFilter& matters, const ArchiveLimits& limits);

/// Gets a member and its bytes. May be called for each member once, in the archive's own order.
using TakeMember = std::function<void(const std::string& member, std::string bytes)>;

/// Reads the archive once and hands over each wanted member, one after the other: no more than one is held at a time.
/// Of members of one name the last counts, as for installers. Never throws by itself; what could not be read, whole or
/// at all, is a gap with input "<archive>/<member>" and is not handed over.
std::vector<model::Gap> read_members(const std::string& archive, const std::vector<std::string>& wanted,
                                     const TakeMember& take, const ArchiveLimits& limits = {});

/// Writes the archive's regular files below `folder`, which exists, streaming. `place` gives a member's path below
/// `folder`; empty: not wanted. Nothing is ever written elsewhere, no link is made, and no file that exists is written
/// over. Members that `list_archive` leaves out are left out.
std::vector<model::Gap> unpack_archive(const std::string& archive, const std::string& folder,
                                       const std::function<std::string(std::string_view member)>& place,
                                       const ArchiveLimits& limits);

}  // namespace isoaudit::analyzer
