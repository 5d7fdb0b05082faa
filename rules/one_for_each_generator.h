#pragma once

#include <vector>

#include "model/finding.h"

namespace isoaudit::rules {

/// What several rules find of a generator's own in one module becomes one finding, in the place of the worst of them:
/// hundreds of statics are one line of the generator's code, and its user can do one thing about them. What a run has
/// confirmed of a variable stays by itself.
std::vector<model::Finding> one_for_each_generator(const std::vector<model::Finding>& findings);

}  // namespace isoaudit::rules
