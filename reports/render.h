#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/report.h"

namespace isoaudit::reports {

struct RenderOptions {
  /// ANSI colours in the text report.
  bool color = false;
  /// Every line of evidence, every phase, no grouping.
  bool verbose = false;
  /// The variables that each module's machine code writes; with `verbose` they are shown in any case.
  bool globals = false;
};

struct Format {
  std::string_view name;
  std::string (*render)(const model::Report&, const RenderOptions&);
};

/// Every output format; a renderer is a function over a finished report and reads nothing else.
std::span<const Format> formats();
/// Null when there is none of that name.
const Format* find_format(std::string_view name);

/// For a person: verdicts, findings by file, gaps, one line of sum. Ends with a newline.
std::string render_text(const model::Report& report, const RenderOptions& options);
/// "isoaudit-report/1", defined by isoaudit-report-1.schema.json beside this file.
std::string render_json(const model::Report& report, const RenderOptions& options);

/// Counts that every format shows.
struct Sums {
  std::size_t blocker = 0, hazard = 0, advice = 0;
};
Sums count_findings(const model::Report& report);

}  // namespace isoaudit::reports
