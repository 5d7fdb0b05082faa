#pragma once

#include <string_view>

namespace isoaudit::analyzer {

/// What a function does with the memory that an argument points to. Ordered: what counts more comes later.
enum class ParameterUse {
  not_written,
  handed_back,  ///< the pointer may be what it returns: registers tell no more, it may be left there by accident
  counted,      ///< changes a number, in one piece with the reading before it: no pointer is stored
  atomically,   ///< writes, in one piece with the reading before it
  kept,         ///< the pointer is put where others find it: who writes through it later is not seen
  unknown,
  written,
};

/// Whether an imported function writes what its argument number `index` (from 0) points to. CPython's API takes objects
/// and constant tables except where the table says otherwise; functions of other libraries are unknown.
ParameterUse parameter_use(std::string_view function, unsigned index);

}  // namespace isoaudit::analyzer
