#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace isoaudit::inside {

class Interpreter;

/// What an interpreter can leave behind in the process, counted at one moment. The main interpreter must be current.
struct Leftovers {
  /// Of Python's allocator, over all interpreters: what is not freed when one ends goes on being counted.
  std::int64_t blocks = 0;
  std::int64_t threads = 0;
  std::int64_t descriptors = 0;
  std::int64_t mappings = 0;
};

Leftovers count_leftovers(Interpreter& main);

/// The heap types of the audited module and its package in one interpreter, by address: to be looked for when it has
/// ended.
class LivingTypes {
 public:
  /// `interpreter` must be current and have the module.
  void note(Interpreter& interpreter);
  /// Names of those that still are types with a reference count. What was freed has none or is something else by now.
  std::vector<std::string> still_there() const;

 private:
  struct Type {
    std::uintptr_t address;
    std::uint64_t metaclass;
    std::uint64_t name_pointer;
    std::string name;
  };
  std::vector<Type> types_{};
};

}  // namespace isoaudit::inside
