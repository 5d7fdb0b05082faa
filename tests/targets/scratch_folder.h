#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace isoaudit::analyzer {

/// A temporary folder that a test fills.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isoaudit-targets-XXXXXX").string();
    root = mkdtemp(pattern.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(root); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string write(const std::string& name, const std::string& content = "x") const {
    std::filesystem::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary) << content;
    return (root / name).string();
  }

  std::filesystem::path root{};
};

}  // namespace isoaudit::analyzer
