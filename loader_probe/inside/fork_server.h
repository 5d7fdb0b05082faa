#pragma once

#include <string>

namespace isoaudit::inside {

/// Answers the requests on a control socket (fork_request.h), each with a copy of this process: an interpreter that has
/// been started, knows the probe and has not met the module. To start one anew takes ten times as long as to copy it.
///
/// Returns in each copy, which has its own session, limits and descriptors by then, with the folder to work in; the
/// server itself returns only to be the last child. No other thread and no sub-interpreter may exist.
///
/// The copies cannot look into each other or into the server, by ptrace or /proc, unless they may look into every
/// process. They can send each other signals: who asks for one believes no end by a signal.
///
/// `greeting`, which is not empty, tells the host that it is ready.
std::string serve_forks(int control, const std::string& greeting);

}  // namespace isoaudit::inside
