#include <algorithm>
#include <array>

#include "reports/render.h"

namespace isoaudit::reports {
namespace {
constexpr std::array table{Format{"text", render_text}, Format{"json", render_json}};
}  // namespace

std::span<const Format> formats() { return table; }

const Format* find_format(std::string_view name) {
  const auto* format = std::ranges::find(table, name, &Format::name);
  return format == table.end() ? nullptr : format;
}

Sums count_findings(const model::Report& report) {
  Sums sums;
  for (const model::Finding& finding : report.findings) {
    if (finding.status >= model::Status::suppressed) continue;
    switch (finding.severity) {
      case model::Severity::blocker: ++sums.blocker; break;
      case model::Severity::hazard: ++sums.hazard; break;
      case model::Severity::advice: ++sums.advice; break;
    }
  }
  return sums;
}

}  // namespace isoaudit::reports
