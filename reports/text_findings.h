#pragma once

#include "model/report.h"
#include "reports/text_writer.h"

namespace isoaudit::reports {

/// Findings file by file, in the order of their lines. Many of one cause are one block, unless the writer is verbose.
void write_findings(Writer& out, const model::Report& report);

}  // namespace isoaudit::reports
