#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/source/scratch_project.h"

namespace isoaudit::tests {

/// Scans a project of its own, each time with facts that are kept and without: both must say the same.
class Cache : public testing::Test {
 protected:
  analyzer::SourceResult scan(analyzer::SourceOptions options = {}) {
    options.cache_dir = caches.root() + "/facts";
    const analyzer::SourceResult kept = project.scan(options);
    options.cache_dir.clear();
    // Whatever came from the cache is what is there now.
    const analyzer::SourceResult fresh = project.scan(options);
    EXPECT_TRUE(kept.facts == fresh.facts);
    EXPECT_EQ(kept.gaps, fresh.gaps);
    return kept;
  }
  std::size_t hits(const analyzer::SourceOptions& options = {}) { return scan(options).cached_units; }

  std::vector<std::filesystem::path> entries(const std::string& ending) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(caches.root() + "/facts")) {
      if (entry.path().extension() == ending) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }

  static std::string bytes_of(const std::filesystem::path& entry) {
    std::ifstream file(entry, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  ScratchProject project;
  ScratchProject caches;
};

}  // namespace isoaudit::tests
