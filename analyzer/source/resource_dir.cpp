#include "analyzer/source/resource_dir.h"

#include <clang/Basic/Version.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/Process.h>
#include <llvm/Support/Program.h>

#include <filesystem>
#include <vector>

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

// The folder's last part is the major version that this program is built with: headers of another Clang use builtins
// that this one lacks.
constexpr const char* version = CLANG_VERSION_MAJOR_STRING;

std::vector<std::string> candidates() {
  std::vector<std::string> places;
  // Any address inside this program serves.
  const std::string self = llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void*>(&find_resource_dir));
  if (!self.empty()) {
    const fs::path prefix = fs::path(self).parent_path().parent_path();
    places.push_back((prefix / "lib" / "isoaudit" / "clang" / version).string());
    places.push_back((prefix / "lib" / "clang" / version).string());
  }
  places.push_back(std::string("/usr/lib/llvm-") + version + "/lib/clang/" + version);
  places.push_back(std::string("/usr/lib/clang/") + version);
  places.push_back(std::string("/usr/local/lib/clang/") + version);
  for (const char* name : {"clang-" CLANG_VERSION_MAJOR_STRING, "clang"}) {
    const auto program = llvm::sys::findProgramByName(name);
    if (!program) continue;
    std::error_code error;
    const fs::path real = fs::canonical(*program, error);
    if (!error) places.push_back((real.parent_path().parent_path() / "lib" / "clang" / version).string());
  }
  return places;
}

}  // namespace

std::string find_resource_dir() {
  for (const std::string& place : candidates()) {
    std::error_code error;
    if (fs::is_regular_file(fs::path(place) / "include" / "stddef.h", error)) return place;
  }
  return {};
}

std::string resource_dir_places() {
  std::string text;
  for (const std::string& place : candidates()) text += (text.empty() ? "" : ", ") + place;
  return text;
}

}  // namespace isoaudit::analyzer
