#include "analyzer/source/project_files.h"

#include <algorithm>
#include <filesystem>

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

bool lies_below(const std::string& path, const std::string& folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string folder_of(const std::string& root) {
  std::error_code error;
  return fs::is_directory(root, error) ? root : fs::path(root).parent_path().string();
}

}  // namespace

std::string canonical_path(const std::string& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error);
  if (error) return path;
  fs::path canonical = fs::weakly_canonical(absolute, error);
  if (error) canonical = absolute.lexically_normal();
  std::string text = canonical.string();
  // weakly_canonical keeps the slash of "folder/".
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string CanonicalPaths::of(const std::string& path) {
  const fs::path whole(path);
  const fs::path name = whole.filename();
  std::error_code error;
  const bool is_plain = fs::symlink_status(whole, error).type() == fs::file_type::regular && !name.empty();
  if (!is_plain) return canonical_path(path);
  const auto [known, is_new] = folders_.try_emplace(whole.parent_path().string());
  if (is_new) known->second = canonical_path(whole.has_parent_path() ? known->first : ".");
  return (fs::path(known->second) / name).string();
}

ProjectFiles::ProjectFiles(const std::vector<std::string>& roots) {
  for (const std::string& root : roots) roots_.push_back(canonical_path(root));
  std::ranges::sort(roots_);
  roots_.erase(std::unique(roots_.begin(), roots_.end()), roots_.end());
  if (roots_.empty()) return;
  base_ = folder_of(roots_.front());
  for (const std::string& root : roots_) {
    while (base_.size() > 1 && !lies_below(folder_of(root), base_)) base_ = fs::path(base_).parent_path().string();
  }
}

bool ProjectFiles::contains(const std::string& path) const {
  return std::ranges::any_of(roots_, [&](const std::string& root) { return lies_below(path, root); });
}

std::string ProjectFiles::display(const std::string& path) const {
  if (base_.empty() || !contains(path)) return path;
  return path.substr(base_ == "/" ? 1 : base_.size() + 1);
}

std::string ProjectFiles::key() const {
  std::string key = base_;
  for (const std::string& root : roots_) key += '\0' + root;
  return key;
}

std::vector<std::string> ProjectFiles::folders() const {
  std::vector<std::string> folders;
  folders.reserve(roots_.size());
  for (const std::string& root : roots_) folders.push_back(folder_of(root));
  std::ranges::sort(folders);
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return folders;
}

}  // namespace isoaudit::analyzer
