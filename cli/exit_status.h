#pragma once

#include <optional>

#include "model/report.h"

namespace isoaudit::cli {

enum ExitStatus { clean = 0, findings = 1, usage = 2, inconclusive = 3 };

/// 1: a finding at or above `fail_on`; else 3: a gap or a module of unknown verdict; else 0. Something found outweighs
/// something not looked at: both fail, and the finding is the one to act on.
ExitStatus exit_status(const model::Report& report, std::optional<model::Severity> fail_on);

}  // namespace isoaudit::cli
