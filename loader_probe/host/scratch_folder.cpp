#include "loader_probe/host/scratch_folder.h"

#include <stdlib.h>

#include <filesystem>

namespace isoaudit::loader_probe {

ScratchFolder::ScratchFolder(const std::string& parent) {
  std::error_code error;
  std::filesystem::path where = parent;
  if (parent.empty()) where = std::filesystem::temp_directory_path(error);
  path_ = (where / "isoaudit-probe-XXXXXX").string();
  if (!mkdtemp(path_.data())) path_.clear();
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  if (!path_.empty()) std::filesystem::remove_all(path_, error);
}

}  // namespace isoaudit::loader_probe
