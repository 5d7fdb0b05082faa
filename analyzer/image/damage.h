#pragma once

#include <stdexcept>
#include <string>

namespace isoaudit::analyzer {

/// Thrown at the bad byte inside one format's reader, caught at that reader's edge, where it becomes
/// ImageResult::error.
class Damage : public std::runtime_error {
 public:
  explicit Damage(const std::string& reason) : std::runtime_error(reason) {}
};

/// The value, or the end of this file's reading with the reason.
template <class Optional>
auto need(Optional value, const char* reason) {
  if (!value) throw Damage(reason);
  return *value;
}

}  // namespace isoaudit::analyzer
