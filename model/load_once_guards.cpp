#include "model/load_once_guards.h"

#include <algorithm>

namespace isoaudit::model {
namespace {

constexpr LoadOnceGuard guards[] = {
    {"Interpreter change detected - this module can only be loaded into one interpreter per process.",
     "Cython: Cython/Utility/ModuleSetupCode.c, __Pyx_check_single_interpreter", "cython"},
    {"PyO3 modules do not yet support subinterpreters", "PyO3 up to 0.27: src/impl_/pymodule.rs", "pyo3"},
    // numpy has taken it over: numpy/_core/src/multiarray/multiarraymodule.c.
    {"cannot load module more than once per process",
     "CPython: Doc/howto/isolating-extensions.rst, Opt-Out: Limiting to One Module Object per Process"},
};

}  // namespace

std::span<const LoadOnceGuard> load_once_guards() { return guards; }

const LoadOnceGuard* load_once_guard_in(std::string_view text) {
  const auto* guard = std::ranges::find_if(
      guards, [&](const LoadOnceGuard& row) { return text.find(row.words) != std::string_view::npos; });
  return guard == std::end(guards) ? nullptr : guard;
}

}  // namespace isoaudit::model
