#pragma once

#include <vector>

#include "analyzer/source/unit_facts.h"
#include "model/gap.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Joins the facts of all units: a variable that several units see through a header becomes one, uses of an external
/// variable go to its definition, and everything is sorted and without duplicates, whatever the order of `units`.
model::SourceFacts link_units(std::vector<UnitFacts> units, std::vector<model::Gap>& gaps);

}  // namespace isoaudit::analyzer
