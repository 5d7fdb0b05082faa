#include "cli/unpacked_archives.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "analyzer/archive/read_archive.h"
#include "analyzer/targets/archive_targets.h"
#include "analyzer/targets/wheel_name.h"

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;

using analyzer::BinaryTarget;
using model::Gap;
using model::Interpreter;

bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

std::string distribution_of(const std::string& archive) {
  const auto wheel = analyzer::parse_wheel_name(archive);
  std::string name = wheel ? wheel->distribution : archive;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

/// Belongs a wheel beside the modules that this Python runs? Other archives are no installations: they do when one of
/// their own modules is run.
bool belongs_to(const std::string& archive, const Interpreter& python, const std::set<std::string>& run_here) {
  if (run_here.contains(archive)) return true;
  const auto wheel = analyzer::parse_wheel_name(archive);
  return wheel && analyzer::fits(*wheel, python.version, python.free_threaded) && has(wheel->platforms, "any");
}

}  // namespace

std::string UnpackedArchives::new_folder(std::vector<Gap>& gaps, const std::string& for_what) {
  if (!folder_) folder_ = std::make_unique<PrivateFolder>();
  std::string path = (fs::path(folder_->path()) / std::to_string(folders_++)).string();
  std::error_code error;
  if (!folder_->path().empty() && fs::create_directory(path, error)) return path;
  gaps.push_back({for_what, "could not be unpacked: " + (error ? error.message() : folder_->error())});
  return "";
}

void UnpackedArchives::unpack(const std::string& archive, const Interpreter& python, std::vector<Root>& roots,
                              const std::vector<BinaryTarget>& binaries, std::vector<Gap>& gaps) {
  const std::string distribution = distribution_of(archive);
  // A second build or version of the same distribution would mix its files with the first one's.
  auto root = std::ranges::find_if(roots, [&](const Root& r) { return !r.distributions.contains(distribution); });
  if (root == roots.end()) {
    const std::string folder = new_folder(gaps, archive);
    if (folder.empty()) return;
    root = roots.insert(root, Root{folder, {}});
  }
  root->distributions.insert(distribution);
  const auto unread = analyzer::unpack_archive(
      archive, root->folder, [&](std::string_view member) { return analyzer::installed_path(archive, member); },
      limits_);
  gaps.insert(gaps.end(), unread.begin(), unread.end());
  for (const BinaryTarget& target : binaries) {
    if (target.archive != archive || target.off_path) continue;
    const std::string file = root->folder + "/" + analyzer::installed_path(archive, target.member);
    std::error_code error;
    if (!fs::is_regular_file(file, error)) continue;
    places_[{target.path, python.id}] = {
        file, target.import_root.empty() ? root->folder : root->folder + "/" + target.import_root};
  }
}

void UnpackedArchives::unpack_for_run(const analyzer::Targets& targets, model::Facts& facts) {
  std::map<std::string, const BinaryTarget*> by_path;
  for (const BinaryTarget& target : targets.binaries) {
    if (target.archive.empty()) continue;
    by_path[target.path] = &target;
    packed_.insert(target.path);
  }
  for (const Interpreter& python : facts.pythons) {
    std::set<std::string> run_here;
    for (const model::BinaryFacts& binary : facts.binaries) {
      const auto target = by_path.find(binary.path);
      if (target != by_path.end() && has(binary.importable_by, python.id)) run_here.insert(target->second->archive);
    }
    if (run_here.empty()) continue;
    std::vector<Root> roots;
    for (const std::string& archive : targets.archives) {
      if (belongs_to(archive, python, run_here)) unpack(archive, python, roots, targets.binaries, facts.gaps);
    }
  }
  hide_in(facts.gaps);
}

std::string UnpackedArchives::unpack_sources(const std::string& archive, std::vector<Gap>& gaps) {
  std::string folder = new_folder(gaps, archive);
  if (folder.empty()) return "";
  const auto unread =
      analyzer::unpack_archive(archive, folder, [](std::string_view member) { return std::string(member); }, limits_);
  gaps.insert(gaps.end(), unread.begin(), unread.end());
  hide_in(gaps);
  return folder;
}

const UnpackedArchives::Place* UnpackedArchives::place(const std::string& shown_path, const std::string& python) const {
  const auto found = places_.find({shown_path, python});
  return found == places_.end() ? nullptr : &found->second;
}

std::string UnpackedArchives::shown(std::string text) const {
  if (!folder_ || folder_->path().empty()) return text;
  const std::string& folder = folder_->path();
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, done)) {
    result.append(text, done, at - done);
    // "/tmp/isoaudit-abc/0/pkg/x.py" → "pkg/x.py"; the folder alone → ".".
    done = at + folder.size();
    if (done < text.size() && text[done] == '/') ++done;
    while (done < text.size() && std::isdigit(static_cast<unsigned char>(text[done])) != 0) ++done;
    const bool goes_on = done + 1 < text.size() && text[done] == '/';
    if (goes_on) {
      ++done;
    } else {
      result.push_back('.');
    }
  }
  return result.append(text, done);
}

void UnpackedArchives::hide_in(model::RunFacts& run) const {
  if (!folder_) return;
  for (model::Phase& phase : run.phases) {
    for (std::string* text : {&phase.detail, &phase.other_module, &phase.output}) *text = shown(std::move(*text));
    for (model::SharedObject& object : phase.shared) {
      for (std::string* text : {&object.symbol, &object.library, &object.description}) *text = shown(std::move(*text));
    }
  }
}

void UnpackedArchives::hide_in(model::Facts& facts) const {
  if (!folder_) return;
  for (model::BinaryFacts& binary : facts.binaries) binary.path = shown(std::move(binary.path));
  for (model::RunFacts& run : facts.runs) {
    run.path = shown(std::move(run.path));
    hide_in(run);
  }
  for (std::string& note : facts.notes) note = shown(std::move(note));
  hide_in(facts.gaps);
}

void UnpackedArchives::hide_in(std::vector<Gap>& gaps) const {
  for (Gap& gap : gaps) {
    gap.input = shown(std::move(gap.input));
    gap.reason = shown(std::move(gap.reason));
  }
}

}  // namespace isoaudit::cli
