#include "analyzer/source/guess_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "analyzer/source/brought_libraries.h"
#include "analyzer/source/include_graph.h"
#include "analyzer/source/source_tree.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

/// Whose flags a unit gets.
struct Owner {
  const ProjectSettings* settings = nullptr;
  const ExtensionSettings* extension = nullptr;

  auto operator<=>(const Owner&) const = default;
};

/// Of what makes no use of Python; on one core.
constexpr double most_seconds = 40;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_c(const std::string& path) { return path.ends_with(".c"); }

/// Cython's sources stand in build files where the C that is made of them is compiled.
std::optional<std::string> c_of(const std::string& source) {
  fs::path path(source);
  if (path.extension() != ".pyx" && path.extension() != ".py") return source;
  for (const char* ending : {".c", ".cpp", ".cc", ".cxx"}) {
    if (is_file(path.replace_extension(ending))) return path.string();
  }
  return std::nullopt;
}

/// "a.c, b.c and 7 more".
std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 3 && names.size() > 4) return text + fmt::format(" and {} more", names.size() - i);
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return text;
}

/// The deepest that holds all.
std::string common_folder(const std::vector<std::string>& files) {
  fs::path common = fs::path(files.front()).parent_path();
  for (const std::string& file : files) {
    while (common.has_relative_path() && !file.starts_with(common.string() + "/")) common = common.parent_path();
  }
  return common.string();
}

class Guess {
 public:
  Guess(const ProjectFiles& project, const std::vector<std::string>& roots,
        const std::vector<ProjectSettings>& settings, const std::string& python_include)
      : project_(project),
        settings_(settings),
        tree_(read_source_tree(canonical(roots), folders_of(settings))),
        graph_(tree_, include_folders(settings), python_include) {
    for (const std::string& root : canonical(roots)) {
      if (is_file(root)) units_.try_emplace(root);
    }
    for (const std::string& file : tree_.build_files) build_folders_.insert(fs::path(file).parent_path().string());
  }

  void run() {
    take_named();
    if (!is_whole()) take_found();
  }

  bool is_whole() const {
    return !settings_.empty() && !units_.empty() && std::ranges::all_of(settings_, &ProjectSettings::is_whole);
  }

  std::vector<CompileCommand> commands() {
    // One command for all units of a folder: what begins alike is then parsed once.
    std::map<std::tuple<std::string, bool, Owner>, std::vector<std::string>> searched;
    const auto group_of = [](const std::string& unit, const Owner& owner) {
      return std::tuple(fs::path(unit).parent_path().string(), is_c(unit), owner);
    };
    for (const auto& [unit, owner] : units_) {
      std::vector<std::string>& words = searched[group_of(unit, owner)];
      // Flags that a build file spells out are all there are.
      if (owner.extension == nullptr && has_configuration(unit)) add_once(words, "-D", "HAVE_CONFIG_H=1");
      search_for(unit, words);
    }
    std::vector<CompileCommand> commands;
    for (const auto& [unit, owner] : units_) {
      CompileCommand command;
      command.file = unit;
      const ProjectSettings* settings = owner.settings != nullptr ? owner.settings : settings_around(unit);
      command.directory = settings != nullptr ? settings->folder : fs::path(unit).parent_path().string();
      std::vector<std::string>& words = command.arguments;
      // Release builds of Python hand that to all extensions.
      words = {is_c(unit) ? "cc" : "c++", "-DNDEBUG"};
      const auto add = [&](const std::vector<std::string>& more) {
        words.insert(words.end(), more.begin(), more.end());
      };
      if (!is_c(unit)) words.emplace_back("-std=gnu++17");
      if (settings != nullptr) add(is_c(unit) ? settings->c_flags : settings->cxx_flags);
      if (owner.extension != nullptr) {
        add(owner.extension->flags);
        for (const std::string& folder : owner.extension->include_dirs) words.push_back("-I" + folder);
      }
      add(searched[group_of(unit, owner)]);
      words.insert(words.end(), {"-c", unit});
      commands.push_back(std::move(command));
    }
    return commands;
  }

  std::vector<model::Gap> gaps() const {
    std::vector<model::Gap> gaps;
    for (const auto& [path, by] : absent_) {
      gaps.push_back({project_.display(path), fmt::format("{} names it, but it is not there", by)});
    }
    return gaps;
  }

  /// Of the root: what a build would make C of.
  std::vector<std::string> unmade_below(const std::string& root) const { return below(tree_.unmade, root); }

  std::size_t units_below(const std::string& root) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(units_, [&](const auto& unit) { return is_below(unit.first, root); }));
  }

  /// Of the root: what a build may well compile, and what is not read all the same.
  std::vector<model::Gap> unread_below(const std::string& root, const std::string& named) const {
    std::vector<model::Gap> gaps;
    const auto tell = [&](const std::map<std::string, std::vector<std::string>>& parts, const char* one,
                          const char* many) {
      std::size_t count = 0;
      std::vector<std::string> folders;
      for (const auto& [folder, sources] : parts) {
        std::vector<std::string> own;
        std::ranges::copy_if(sources, std::back_inserter(own),
                             [&](const std::string& source) { return is_below(source, root); });
        if (own.empty()) continue;
        count += own.size();
        // Two roots may be parts of one project.
        const std::string shown = is_below(folder, root) ? folder : common_folder(own);
        folders.push_back(fmt::format("{} ({})", shown == root ? "." : project_.display(shown), own.size()));
      }
      if (count == 0) return;
      gaps.push_back({named, fmt::format("{} {}: {} (-p names a build folder, --build runs the build)", count,
                                         count == 1 ? one : many, fmt::join(folders, ", "))});
    };
    tell(unnamed_, "source of a library that is brought along was not read, for no build file of the project names it",
         "sources of libraries that are brought along were not read, for no build file of the project names them");
    tell(too_much_, "source without Python.h was not read, which is more than a guess reads",
         "sources without Python.h were not read, which is more than a guess reads");
    return gaps;
  }

  /// Sources that are no units, and whether a unit includes them.
  std::vector<std::string> others_below(const std::string& root, bool included) {
    std::set<std::string> told;
    for (const auto* parts : {&unnamed_, &too_much_}) {
      for (const auto& [folder, sources] : *parts) told.insert(sources.begin(), sources.end());
    }
    std::set<std::string> reached;
    for (const auto& [unit, owner] : units_) {
      const std::vector<std::string>& files = graph_.reached(unit);
      reached.insert(files.begin(), files.end());
    }
    std::vector<std::string> others;
    for (const TreeFile& source : tree_.sources) {
      if (units_.contains(source.path) || told.contains(source.path) || !is_below(source.path, root)) continue;
      if (reached.contains(source.path) == included) others.push_back(project_.display(source.path));
    }
    return others;
  }

 private:
  static std::vector<std::string> canonical(const std::vector<std::string>& roots) {
    std::vector<std::string> paths;
    for (const std::string& root : roots) paths.push_back(canonical_path(root));
    return paths;
  }

  static std::vector<std::string> folders_of(const std::vector<ProjectSettings>& settings) {
    std::vector<std::string> folders;
    for (const ProjectSettings& one : settings) folders.push_back(one.folder);
    return folders;
  }

  static std::vector<std::string> include_folders(const std::vector<ProjectSettings>& settings) {
    std::vector<std::string> folders;
    for (const ProjectSettings& one : settings) {
      for (const ExtensionSettings& extension : one.extensions) {
        for (const std::string& folder : extension.include_dirs) {
          if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(folder);
        }
      }
    }
    return folders;
  }

  static bool is_below(const std::string& path, const std::string& root) {
    return path == root || root == "/" || path.starts_with(root + "/");
  }

  std::vector<std::string> below(const std::vector<std::string>& paths, const std::string& root) const {
    std::vector<std::string> found;
    for (const std::string& path : paths) {
      if (is_below(path, root)) found.push_back(project_.display(path));
    }
    return found;
  }

  const ProjectSettings* settings_around(const std::string& unit) const {
    const ProjectSettings* nearest = nullptr;
    for (const ProjectSettings& one : settings_) {
      if (is_below(unit, one.folder) && (nearest == nullptr || one.folder.size() > nearest->folder.size())) {
        nearest = &one;
      }
    }
    return nearest;
  }

  /// What the build files name.
  void take_named() {
    for (const ProjectSettings& one : settings_) {
      for (const ExtensionSettings& extension : one.extensions) {
        for (const std::string& source : extension.sources) {
          const std::optional<std::string> c = c_of(source);
          // Cython's sources without their C are told of with the tree's others.
          if (!c || !project_.contains(canonical_path(*c))) continue;
          if (!is_file(*c)) {
            absent_.emplace(canonical_path(*c), one.read.empty() ? "its build" : one.read.front());
          } else {
            Owner& owner = units_[canonical_path(*c)];
            if (owner.extension == nullptr) owner = {&one, &extension};
          }
        }
      }
    }
  }

  /// What looks like a part of an extension.
  void take_found() {
    std::set<std::string> included;
    for (const TreeFile& source : tree_.sources) {
      if (source.is_aside) continue;
      const std::vector<std::string>& reached = graph_.reached(source.path);
      included.insert(reached.begin() + 1, reached.end());
    }
    std::vector<TreeFile> others;
    std::set<std::string> extension_code;
    for (const TreeFile& source : tree_.sources) {
      if (source.is_aside || included.contains(source.path) || units_.contains(source.path)) continue;
      if (graph_.is_for_other_system(source.path)) continue;
      if (reaches_python(source.path)) {
        units_.try_emplace(source.path);
        extension_code.insert(source.path);
      } else if (!graph_.file(source.path).has_main && !source.path.ends_with("_cdef.c")) {
        // What is called so is declarations that cffi reads.
        others.push_back(source);
      }
    }
    BroughtLibraries libraries(tree_, extension_code);
    std::erase_if(
        others, [&](const TreeFile& source) { return source.is_test && !libraries.is_named_by_project(source.path); });
    std::vector<std::string> open;
    for (const TreeFile& source : others) open.push_back(source.path);
    if (units_.empty()) {
      for (const std::string& source : open) units_.try_emplace(source);
      return;
    }
    leave_out_what_is_too_much(take_those_that_share(std::move(open), libraries));
  }

  /// A library's sources include the header that its user includes; of Cython's users only the build files tell. Which
  /// of them are units, by the folder of what a build makes of them.
  std::map<std::string, std::vector<std::string>> take_those_that_share(std::vector<std::string> open,
                                                                        BroughtLibraries& libraries) {
    std::set<std::string> shared;
    const auto take = [&](const std::string& unit) {
      const std::vector<std::string>& reached = graph_.reached(unit);
      shared.insert(reached.begin() + 1, reached.end());
    };
    for (const auto& [unit, owner] : units_) take(unit);
    std::map<std::string, std::vector<std::string>> taken;
    for (bool grown = true; std::exchange(grown, false);) {
      std::erase_if(open, [&](const std::string& source) {
        const std::string library = libraries.around(source);
        const std::vector<std::string>& reached = graph_.reached(source);
        const bool shares = std::any_of(reached.begin() + 1, reached.end(),
                                        [&](const std::string& header) { return shared.contains(header); });
        if (!shares && !(library.empty() && libraries.is_named_by_project(source))) return false;
        if (libraries.is_built(source)) {
          taken[library.empty() ? nearest_build(source) : library].push_back(source);
          take(source);
          grown = true;
        } else {
          unnamed_[library].push_back(source);
        }
        return true;
      });
    }
    return taken;
  }

  /// The nearest folder above the source that has a build file; empty where none has.
  std::string nearest_build(const std::string& source) const {
    std::string folder = fs::path(source).parent_path().string();
    while (!folder.empty() && !build_folders_.contains(folder)) folder.resize(folder.rfind('/'));
    return folder;
  }

  /// What makes no use of Python can be a hundred times what does: the largest parts of it are left out until the rest
  /// is read in a time that a guess is worth.
  void leave_out_what_is_too_much(std::map<std::string, std::vector<std::string>> parts) {
    std::vector<std::pair<double, const std::vector<std::string>*>> costs;
    double all = 0;
    for (auto& [folder, sources] : parts) {
      double cost = 0;
      for (const std::string& source : sources) cost += seconds_to_read(source);
      costs.emplace_back(cost, &sources);
      all += cost;
    }
    std::ranges::stable_sort(costs, std::greater(), [](const auto& part) { return part.first; });
    for (const auto& [cost, sources] : costs) {
      if (all > most_seconds) {
        all -= cost;
        too_much_[common_folder(*sources)] = *sources;
      } else {
        for (const std::string& source : *sources) units_.try_emplace(source);
      }
    }
  }

  /// About what a unit takes, as measured on scipy's, grpcio's and OpenCV's; the same on every machine.
  double seconds_to_read(const std::string& source) {
    if (is_c(source)) return 0.02;
    std::size_t bytes = 0;
    for (const std::string& file : graph_.reached(source)) bytes += graph_.file(file).bytes;
    return 0.25 + 0.25e-6 * static_cast<double>(bytes);
  }

  bool reaches_python(const std::string& source) {
    return std::ranges::any_of(graph_.reached(source),
                               [&](const std::string& file) { return graph_.file(file).is_extension_code; });
  }

  /// Adds the folders that lead to what the unit includes. What the system has wins over the tree's headers of that
  /// name, save where quotes ask for the project's own.
  void search_for(const std::string& unit, std::vector<std::string>& words) {
    for (const std::string& file : graph_.reached(unit)) {
      for (const Include& include : graph_.file(file).includes) {
        if (include.folder.empty()) continue;
        add_once(words, include.quoted ? "-iquote" : "-idirafter", include.folder);
      }
    }
  }

  /// `words` are pairs of an option and its value.
  static void add_once(std::vector<std::string>& words, const std::string& option, const std::string& value) {
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
      if (words[i] == option && words[i + 1] == value) return;
    }
    words.insert(words.end(), {option, value});
  }

  bool has_configuration(const std::string& unit) {
    return std::ranges::any_of(graph_.reached(unit),
                               [&](const std::string& file) { return graph_.file(file).has_configuration; });
  }

  const ProjectFiles& project_;
  const std::vector<ProjectSettings>& settings_;
  SourceTree tree_;
  IncludeGraph graph_;
  std::set<std::string> build_folders_{};
  std::map<std::string, Owner> units_{};
  std::map<std::string, std::string> absent_{};
  /// Sources of libraries that are brought along, and that no build file names: by the library's folder.
  std::map<std::string, std::vector<std::string>> unnamed_{};
  /// Left out, by the folder that holds them.
  std::map<std::string, std::vector<std::string>> too_much_{};
};

std::string read_from(const std::vector<ProjectSettings>& settings) {
  std::vector<std::string> files;
  for (const ProjectSettings& one : settings) files.insert(files.end(), one.read.begin(), one.read.end());
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return list(files);
}

}  // namespace

GuessedCommands guess_commands(const ProjectFiles& project, const std::vector<std::string>& roots,
                               const std::vector<ProjectSettings>& settings, const std::string& python_include) {
  Guess guess(project, roots, settings, python_include);
  guess.run();
  GuessedCommands guessed{guess.commands(), guess.gaps(), {}, {}};
  const std::string build_files = read_from(settings);
  for (const std::string& root : roots) {
    const std::string path = canonical_path(root);
    const std::size_t units = guess.units_below(path);
    if (units != 0 && guess.is_whole()) {
      guessed.notes.push_back({root, fmt::format("no compile_commands.json: {} unit{} compiled as {} says", units,
                                                 units == 1 ? "" : "s", build_files)});
    } else if (units != 0) {
      guessed.gaps.push_back(
          {root, fmt::format("no compile_commands.json: how {} unit{} compiled was guessed{}; what a build defines or "
                             "generates was not seen (-p names a build folder, --build runs the build)",
                             units, units == 1 ? " is" : "s are",
                             build_files.empty() ? "" : " from includes and " + build_files)});
    }
    if (auto included = guess.others_below(path, true); !included.empty() && !guess.is_whole()) {
      guessed.included.emplace_back(root, std::move(included));
    }
    if (const auto unmade = guess.unmade_below(path); !unmade.empty()) {
      guessed.gaps.push_back(
          {root, fmt::format("{} file{} that a build makes C or C++ of {} not scanned: {}", unmade.size(),
                             unmade.size() == 1 ? "" : "s", unmade.size() == 1 ? "was" : "were", list(unmade))});
    }
    std::ranges::move(guess.unread_below(path, root), std::back_inserter(guessed.gaps));
    if (const auto left = guess.others_below(path, false); !left.empty() && units != 0) {
      guessed.notes.push_back({root, fmt::format("{} source{} taken for no part of its modules: {}", left.size(),
                                                 left.size() == 1 ? " was" : "s were", list(left))});
    }
  }
  return guessed;
}

std::vector<model::Gap> left_out(const GuessedCommands& guessed, const std::vector<model::Unit>& units) {
  std::set<std::string> read;
  for (const model::Unit& unit : units) read.insert(unit.includes.begin(), unit.includes.end());
  std::vector<model::Gap> gaps;
  for (const auto& [root, sources] : guessed.included) {
    std::vector<std::string> left;
    std::ranges::copy_if(sources, std::back_inserter(left),
                         [&](const std::string& source) { return !read.contains(source); });
    if (left.empty()) continue;
    gaps.push_back(
        {root, fmt::format("{} source{} included only under a condition that the guessed commands do not meet "
                           "(-D, #if), and so not read: {}",
                           left.size(), left.size() == 1 ? " is" : "s are", list(left))});
  }
  return gaps;
}

}  // namespace isoaudit::analyzer
