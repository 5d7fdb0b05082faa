#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/options.h"
#include "model/facts.h"
#include "model/finding.h"
#include "reports/render.h"

namespace isoaudit::cli {

/// How one report is to look.
struct Rendering {
  std::string format{};
  reports::RenderOptions look{};
};

/// All that the answer hangs on beside the facts. answer() sees no other option: a kept answer goes by these.
struct Question {
  std::vector<std::string> select{};
  std::vector<std::string> ignore{};
  std::optional<model::Severity> fail_on{};
  std::vector<Rendering> renderings{};
};

Question question(const Options& options);

struct Answer {
  /// One for each rendering.
  std::vector<std::string> reports{};
  ExitStatus status = clean;
};

/// Judges the facts and renders the report. Touches nothing of the outside world: the same in, the same out.
Answer answer(model::Facts facts, const Question& question);

}  // namespace isoaudit::cli
