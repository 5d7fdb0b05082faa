#pragma once

#include <string>
#include <vector>

namespace isoaudit::analyzer {

struct DistributionTests {
  /// Absolute, sorted.
  std::vector<std::string> files{};
  /// Why there are none.
  std::string why_none{};
};

/// The test files that an installed distribution brings for one of its modules. RECORD, beside the module's import
/// root, says what the distribution is; of its files those count that pytest takes by their name (test_*.py, *_test.py)
/// and that lie nearest to the module: in its own package, below it, else in the package above, and so on.
DistributionTests find_distribution_tests(const std::string& module_file, const std::string& import_root);

}  // namespace isoaudit::analyzer
