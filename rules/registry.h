#pragma once

#include <span>
#include <string_view>

#include "rules/rule.h"

namespace isoaudit::rules {

/// Every rule, sorted by slug.
std::span<const Rule* const> all_rules();

/// Null when there is none of that name.
const Rule* find_rule(std::string_view slug);

}  // namespace isoaudit::rules
