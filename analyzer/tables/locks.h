#pragma once

#include <string_view>

/// What holds others back while a static is written, by the names of functions: CPython's, C's, C++'s and Windows'.
/// One table for the readers of sources and of machine code.
namespace isoaudit::analyzer {

/// How a lock's function says that it has the lock.
enum class LockResult {
  always,     ///< it returns when it has it
  when_true,  ///< when it returns something but zero
  when_zero,
};

struct Lock {
  std::string_view lock;
  std::string_view unlock;
  LockResult result = LockResult::always;
  /// Which argument is the lock.
  unsigned argument = 0;
};

/// The lock that `name` takes, that no other thread holds then; null when it takes none. In machine code `name` is
/// the linker's, in sources the function's or "Class::method". A guard class stands for its constructor.
const Lock* lock_taken_by(std::string_view name);
/// `name` gives back what `lock` took. A lock is never released by another's function.
bool releases(std::string_view name, std::string_view lock);
/// `name` releases some lock.
bool releases_any(std::string_view name);
/// Runs the function that it gets, once for the process, while others wait for its end.
bool calls_once(std::string_view name);
/// A class of C++ whose constructor takes a lock and whose destructor gives it back, with its namespace.
bool is_guard_class(std::string_view name);
/// The name of the table itself for what takes or gives back a lock; empty for all else.
std::string_view known_lock_function(std::string_view name);
/// The name for what ends a guard of that class, its destructor above all.
std::string_view guard_s_end(std::string_view guard_class);

}  // namespace isoaudit::analyzer
