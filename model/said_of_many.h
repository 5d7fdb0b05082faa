#pragma once

#include <string>
#include <string_view>

#include "model/finding.h"

/// The words of one finding, made to fit many of its kind.
namespace isoaudit::model {

/// "`demo::cache` holds a dict" → "demo::cache"; empty where the message begins with no name. Lives as long as it.
std::string_view subject_of(std::string_view message);

/// "`cache` holds a dict" → "holds a dict".
std::string without_subject(const std::string& message);

/// What to do about all findings of that kind at once: the words that it brings for several, else those for one, in
/// which the name that its message begins with is "them".
std::string fix_for_all(const Finding& finding);

/// The reason that stands for a finding among many: what a run saw, else what the code does; of several the first.
const Because& most_telling(const Finding& finding);

}  // namespace isoaudit::model
