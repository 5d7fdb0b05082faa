#pragma once

#include <string_view>

namespace isoaudit::analyzer {

/// Functions that start, configure or end Python for the whole process, and `main`: CPython's documentation allows them
/// on one thread, while no other interpreter runs.
bool runs_once_for_each_process(std::string_view function);

/// Of these, what a fork's child runs first: its thread is alone, whoever forked.
bool runs_in_a_new_process(std::string_view function);

}  // namespace isoaudit::analyzer
