#pragma once

#include <string>
#include <vector>

#include "model/finding.h"

namespace isoaudit::rules {

/// What several rules find of a generator's own in one module becomes one finding, in the place of the worst of them
/// that has a line: hundreds of statics are one line of the generator's code, and its user can do one thing about them.
/// It is as bad, and as sure, as the worst of its parts. Of a module that declares own-GIL support (`own_gil`, sorted)
/// what a run has confirmed of a variable stays by itself: that is what breaks the promise.
std::vector<model::Finding> one_for_each_generator(const std::vector<model::Finding>& findings,
                                                   const std::vector<std::string>& own_gil);

}  // namespace isoaudit::rules
