#pragma once

#include <string_view>

namespace isoaudit::analyzer {

enum class ParameterUse { not_written, written, unknown };

/// Whether an imported function writes what its argument number `index` (from 0) points to. CPython's API takes objects
/// and constant tables except where the table says otherwise; functions of other libraries are unknown.
ParameterUse parameter_use(std::string_view function, unsigned index);

}  // namespace isoaudit::analyzer
