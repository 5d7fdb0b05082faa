#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace isoaudit::reports {

/// Compares with tests/golden/`name`; ISOAUDIT_UPDATE_GOLDEN=1 writes it anew first.
inline void expect_golden(const std::string& name, const std::string& rendered) {
  const std::filesystem::path path = std::filesystem::path(ISOAUDIT_SOURCE_DIR) / "tests/golden" / name;
  if (std::getenv("ISOAUDIT_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << rendered;
  std::ifstream file(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(rendered, golden);
}

}  // namespace isoaudit::reports
