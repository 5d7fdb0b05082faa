#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>

#include "analyzer/workers/run_jobs.h"

namespace isoaudit::analyzer {

/// What a child's answer begins with; the bytes follow.
struct ReplyHead {
  std::uint64_t size = 0;
  /// The bytes say why there is no result.
  std::uint64_t failed = 0;
};

/// A child that does jobs: job numbers go down its socket, answers come up.
struct Child {
  pid_t pid = -1;
  /// This end of the socket; reading it never blocks.
  int socket = -1;
  /// Why there is no child; empty when there is one.
  std::string error{};
};

/// Forks. The child closes `not_its_own` (the other children's sockets), so that each sees the end of its own.
Child start_child(const Jobs& jobs, std::span<const int> not_its_own);

/// What the way in which a child ended says of its job: "crashed (SIGSEGV)".
std::string ending_text(int wait_status, const Jobs& jobs, std::size_t job);

}  // namespace isoaudit::analyzer
