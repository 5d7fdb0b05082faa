#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/python_version.h"

namespace isoaudit::analyzer {

/// What a wheel's file name says (PEP 427, PEP 425): numpy-2.5.5-cp314-cp314-manylinux_2_28_x86_64.whl.
struct WheelName {
  std::string distribution{};
  std::string version{};
  /// Each of the three may be a set of tags: "cp311.cp312".
  std::vector<std::string> pythons{};
  std::vector<std::string> abis{};
  std::vector<std::string> platforms{};
};

/// `name` may have folders in front. Empty when it is no wheel's name.
std::optional<WheelName> parse_wheel_name(std::string_view name);

/// Would an installer take the wheel for that CPython? By the Python and ABI tags; the platform is another question.
bool fits(const WheelName& wheel, model::PythonVersion version, bool free_threaded);

}  // namespace isoaudit::analyzer
