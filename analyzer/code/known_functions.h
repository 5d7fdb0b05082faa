#pragma once

#include <string_view>

/// What the readers of code know of functions that other libraries define, by their names there.
namespace isoaudit::analyzer {

/// Returns a module: the hook that returns it is single-phase.
bool makes_a_module(std::string_view name);
/// Makes a module or takes its definition: its first argument is followed.
bool matters(std::string_view name);
bool never_returns(std::string_view name);
/// Fresh memory: its first argument (calloc: the product of two) is the size.
bool allocates(std::string_view name);
/// Calls back what it was told about earlier, or what it is given.
bool runs_once(std::string_view name);
/// Keeps the function that it is given for the end of the process.
bool is_at_exit(std::string_view name);
/// Writes its lock and nothing else.
bool is_lock(std::string_view name);

}  // namespace isoaudit::analyzer
