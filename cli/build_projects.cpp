#include "cli/build_projects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <sstream>
#include <string_view>

#include "analyzer/archive/read_archive.h"
#include "cli/copied_tree.h"
#include "cli/pip.h"
#include "loader_probe/host/child_process.h"

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;

using model::Facts;

constexpr const char* commands_file = "compile_commands.json";
/// Lines of a failed build that are shown.
constexpr std::size_t last_lines = 12;
constexpr std::size_t longest_line = 300;

bool is_project(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "pyproject.toml", error) || fs::exists(folder / "setup.py", error);
}

/// The folder itself, or the only one in it that is a project: what source archives hold.
std::optional<fs::path> project_in(const fs::path& folder) {
  if (is_project(folder)) return folder;
  std::optional<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored) || !is_project(it->path())) continue;
    if (found) return std::nullopt;
    found = it->path();
  }
  return found;
}

/// Backends that take their build folder from pip, so that it is still there when the build is done.
bool takes_build_folder(const fs::path& project) {
  std::ifstream file(project / "pyproject.toml");
  std::ostringstream text;
  text << file.rdbuf();
  static const std::regex backend(R"(build-backend\s*=\s*["'](mesonpy|scikit_build_core)\b)");
  return std::regex_search(text.str(), backend);
}

std::vector<std::string> folders_with_commands(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename() == commands_file) found.push_back(it->path().parent_path().string());
  }
  std::ranges::sort(found);
  return found;
}

/// What came with the tree tells of an earlier build in another place. Takes the files away from a copy.
std::string without_commands(const fs::path& copy) {
  for (const std::string& folder : folders_with_commands(copy)) {
    std::error_code error;
    if (!fs::remove(fs::path(folder) / commands_file, error) && error) return error.message();
  }
  return "";
}

bool names_units(const fs::path& commands) {
  std::ifstream file(commands);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  return text.find("\"file\"") != std::string::npos;
}

/// What pip itself says around a backend's own words.
bool is_pips_talk(std::string_view line) {
  for (const char* word : {"note: This ", "[end of output]", "ERROR: Failed building wheel", "ERROR: Failed to build",
                           "[notice]", "ee above for ", "subprocess-exited-with-error", "did not run successfully",
                           "exit code: ", "lines of output]", "metadata-generation-failed", "╰─>",
                           "hint: ", "Encountered error while generating", "finished with status 'error'"}) {
    if (line.find(word) != std::string_view::npos) return true;
  }
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string end_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (is_pips_talk(line)) continue;
    const std::size_t start = line.find_first_not_of(" \t");
    lines.push_back(line.substr(start, longest_line));
  }
  if (lines.size() > last_lines) lines.erase(lines.begin(), lines.end() - last_lines);
  // Names that pip makes up anew each time.
  static const std::regex made_up(R"((pip-[a-z-]+-)[a-z0-9_]{8})");
  return std::regex_replace(fmt::format("{}", fmt::join(lines, " | ")), made_up, "$1...");
}

std::string with_more(const char* name, const std::string& more) {
  const char* set = std::getenv(name);
  return fmt::format("{}={}{}{}", name, set == nullptr ? "" : set, set == nullptr ? "" : " ", more);
}

class Builder {
 public:
  Builder(const Options& options, UnpackedArchives& unpacked, Facts& facts, Progress& progress)
      : options_(options), unpacked_(unpacked), facts_(facts), progress_(progress), bear_(find_program("bear")) {}

  BuiltProjects run(const std::vector<std::string>& paths, bool wheels_for_all) {
    for (const std::string& path : paths) {
      std::error_code error;
      const bool is_folder = fs::is_directory(path, error);
      const bool is_sdist = !is_folder && analyzer::is_archive_name(path) && !path.ends_with(".whl");
      if (!is_folder && !is_sdist) continue;
      if (facts_.pythons.empty()) {
        gap(path, "was not built: there is no interpreter to build it for");
        continue;
      }
      const std::size_t pythons = wheels_for_all ? facts_.pythons.size() : 1;
      for (std::size_t i = 0; i < pythons; ++i) {
        const std::string copy = is_folder ? copied(path) : unpacked_.unpack_sources(path, facts_.gaps);
        if (copy.empty()) break;
        BuiltProject project = build(path, copy, facts_.pythons[i]);
        if (i == 0) built_.projects.push_back(std::move(project));
      }
    }
    unpacked_.hide_in(facts_.gaps);
    return std::move(built_);
  }

 private:
  void gap(const std::string& input, const std::string& reason) { facts_.gaps.push_back({input, reason}); }

  std::string copied(const std::string& path) {
    std::string folder = unpacked_.empty_folder(facts_.gaps, path);
    if (folder.empty()) return "";
    const std::string trouble = copy_source_tree(path, folder);
    if (trouble.empty()) return folder;
    gap(path, "was not built: it could not be copied: " + trouble);
    return "";
  }

  BuiltProject build(const std::string& named, const std::string& copy, const model::Interpreter& python) {
    BuiltProject project{named, copy, {}};
    const std::optional<fs::path> folder = project_in(copy);
    if (!folder) {
      gap(named, "was not built: it holds no pyproject.toml and no setup.py");
      return project;
    }
    const Pip pip = find_pip(python);
    if (pip.command.empty()) {
      gap(named, fmt::format("was not built: there is no pip that works for Python {}", python.id));
      return project;
    }
    const std::string wheels = unpacked_.empty_folder(facts_.gaps, named);
    const std::string work = unpacked_.empty_folder(facts_.gaps, named);
    if (wheels.empty() || work.empty()) return project;
    if (const std::string trouble = without_commands(copy); !trouble.empty()) {
      gap(named, fmt::format("was not built: {} in the copy could not be removed: {}", commands_file, trouble));
      return project;
    }
    const loader_probe::ChildResult child = run_pip(named, *folder, pip, wheels, work);
    say_how_it_ended(named, python, child);

    project.build_dirs = folders_with_commands(copy);
    if (project.build_dirs.empty() && names_units(fs::path(work) / commands_file)) project.build_dirs = {work};
    if (project.build_dirs.empty() && bear_.empty()) {
      gap(named, "its build recorded no compile commands, and bear, which would, is not installed");
    }
    std::error_code error;
    for (fs::directory_iterator it(wheels, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".whl") built_.wheels.push_back(it->path().string());
    }
    return project;
  }

  loader_probe::ChildResult run_pip(const std::string& named, const fs::path& folder, const Pip& pip,
                                    const std::string& wheels, const std::string& work) {
    // Kept until the scan is over: what pip installs for the build (numpy, pybind11) has headers that units include.
    std::vector<std::string> words = {"wheel", "--no-deps", "--use-pep517", "--no-clean"};
    if (takes_build_folder(folder)) words.emplace_back("-Cbuild-dir=build-isoaudit");
    facts_.notes.push_back(fmt::format("{} was built in a copy: {}{} {} .", named, bear_.empty() ? "" : "bear -- ",
                                       pip.shown, fmt::join(words, " ")));
    std::ranges::sort(facts_.notes);
    facts_.notes.erase(std::unique(facts_.notes.begin(), facts_.notes.end()), facts_.notes.end());
    progress_.show(fmt::format("build: {}", named));

    std::vector<std::string> line;
    if (!bear_.empty()) line = {bear_, "--output", work + "/" + commands_file, "--"};
    line.insert(line.end(), pip.command.begin(), pip.command.end());
    line.insert(line.end(), words.begin(), words.end());
    line.insert(line.end(), {"--wheel-dir", wheels, folder.string()});

    loader_probe::ChildRequest request;
    request.executable = line.front();
    request.arguments.assign(line.begin() + 1, line.end());
    request.folder = folder.string();
    request.ends_with_parent = true;
    // The same bytes each time, wherever the copy lies.
    const std::string places = fmt::format(
        "-ffile-prefix-map={0}=. -ffile-prefix-map={0}/= -ffile-prefix-map={1}=build", folder.string(), work);
    std::vector<std::string> settings = {"CMAKE_EXPORT_COMPILE_COMMANDS=ON", "TMPDIR=" + work,
                                         "PIP_DISABLE_PIP_VERSION_CHECK=1",  "PIP_NO_INPUT=1",
                                         with_more("CFLAGS", places),        with_more("CXXFLAGS", places)};
    if (std::getenv("SOURCE_DATE_EPOCH") == nullptr)
      settings.emplace_back("SOURCE_DATE_EPOCH=315532800");  // zip's first
    request.environment = environment_with(settings);
    request.limits.seconds = options_.build_timeout;
    request.limits.address_space = std::size_t{1} << 40;
    request.limits.file_size = std::size_t{16} << 30;
    request.limits.processes = 1U << 20;
    return run_child(request);
  }

  void say_how_it_ended(const std::string& named, const model::Interpreter& python,
                        const loader_probe::ChildResult& child) {
    if (!child.start_error.empty()) return gap(named, "its build could not be started: " + child.start_error);
    const std::string words = end_of(child.output + "\n" + child.errors);
    const std::string last = words.empty() ? "" : "; its last lines: " + words;
    if (child.timed_out) {
      return gap(named, fmt::format("its build for Python {} took longer than {} s{}", python.id,
                                    options_.build_timeout, last));
    }
    if (child.wait_status == 0) return;
    const std::string how = WIFEXITED(child.wait_status) ? fmt::format("exit status {}", WEXITSTATUS(child.wait_status))
                                                         : fmt::format("signal {}", WTERMSIG(child.wait_status));
    gap(named, fmt::format("its build for Python {} failed ({}){}", python.id, how, last));
  }

  const Options& options_;
  UnpackedArchives& unpacked_;
  Facts& facts_;
  Progress& progress_;
  std::string bear_;
  BuiltProjects built_{};
};

}  // namespace

BuiltProjects build_projects(const Options& options, const std::vector<std::string>& paths, bool wheels_for_all,
                             UnpackedArchives& unpacked, Facts& facts, Progress& progress) {
  return Builder(options, unpacked, facts, progress).run(paths, wheels_for_all);
}

}  // namespace isoaudit::cli
