#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// What CPython's own names say, the same whether a source or machine code uses them.
namespace isoaudit::analyzer {

/// An object that CPython defines once for the whole process, immortal and shared by design since 3.12 (PEP 683): None
/// and its like, builtin types. `name` is the object's, not that of a pointer to it.
bool names_immortal_object(std::string_view name);
/// A variable of CPython's that points to such an object: PyExc_ValueError.
bool names_immortal_pointer(std::string_view name);

/// A function that returns such an object (an empty tuple, a small int, a string of one character) where its argument
/// number `argument` lies from `lowest` to `highest`; of a text, the argument's length counts.
struct ImmortalResult {
  /// Whatever its arguments are.
  static constexpr unsigned no_argument = ~0U;

  std::string_view function;
  unsigned argument;
  std::int64_t lowest;
  std::int64_t highest;
  bool text = false;
};

/// Null when no argument makes the function return such an object.
const ImmortalResult* immortal_result(std::string_view function);

/// The number of the argument, a text, that says which of several things the function returns: a capsule's API. None
/// where no text does.
std::optional<unsigned> naming_argument(std::string_view function);

}  // namespace isoaudit::analyzer
