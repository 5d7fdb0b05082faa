#pragma once

#include <string>
#include <vector>

#include "model/run_facts.h"

namespace isoaudit::rules {

/// ", written by `lookup` (demo.c:42) and `fill` through `memset`"; empty when nobody is known.
std::string writers_text(const std::vector<model::WritingFunction>& writers);

}  // namespace isoaudit::rules
