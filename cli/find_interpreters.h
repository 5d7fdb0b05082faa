#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "loader_probe/host/server_ahead.h"
#include "model/facts.h"

namespace isoaudit::cli {

/// The interpreters of the audit, a column each. Those that --python names; else, where something is to run or an
/// interpreter has to be asked: the named virtual environments' own, the active one's, or the newest on the machine.
/// The ones that cannot be had become gaps. `ahead` may be null; the interpreter that it has is not started again. True
/// when it is the newest on the machine, which nobody chose.
bool find_interpreters(const Options& options, const std::vector<std::string>& paths, bool needed,
                       loader_probe::ServerAhead* ahead, model::Facts& facts);

/// Where nobody chose an interpreter and the modules are built for none like the one that was found: the newest on the
/// machine that they are built for, if there is one. `columns`: what they are built for, oldest first.
void prefer_what_fits(const std::vector<model::Interpreter>& columns, model::Facts& facts);

/// Does this command, with its options, load modules?
bool runs_modules(const Options& options);

}  // namespace isoaudit::cli
