#pragma once

#include <vector>

#include "model/facts.h"
#include "model/report.h"

namespace isoaudit::rules {

/// Adds a row for each hook of the sources whose compiled module is not among the facts. Where a hook answers some of
/// the Pythons differently, or is there for some only, its entry points say for which versions they are.
void add_source_modules(const model::Facts& facts, const std::vector<model::SourceView>& views,
                        std::vector<model::ModuleReport>& modules);

}  // namespace isoaudit::rules
