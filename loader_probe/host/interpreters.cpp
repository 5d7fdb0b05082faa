#include "loader_probe/host/interpreters.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "loader_probe/host/child_process.h"
#include "loader_probe/host/server_ahead.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;

constexpr int kAnswerSeconds = 20;
constexpr model::PythonVersion kOldest{3, 12};
constexpr char kGreeting[] = "isoaudit-interpreter/1";

}  // namespace

// One answer a line. Knows no quotes of three and no backslash: others put it into their own text.
const char kQuestion[] = R"(
import sys
print('isoaudit-interpreter/1')
print('%d.%d' % sys.version_info[:2])
print('%d.%d.%d' % sys.version_info[:3])
print(sys.implementation.name)
print(sys.executable)
import _imp, os
flags = getattr(sys, 'abiflags', '')
print(int(hasattr(sys, 'gettotalrefcount') or 'd' in flags))
print(int('t' in flags))
include = '%s/include/python%d.%d%s' % (sys.base_prefix, *sys.version_info[:2], flags)
if not os.path.isfile(include + '/Python.h') and __name__ == '__main__':
    import sysconfig  # slow: it loads the whole build configuration
    include = sysconfig.get_paths()['include']
print(include if os.path.isfile(os.path.join(include, 'Python.h')) else '')
suffixes = _imp.extension_suffixes()
print(suffixes[0] if suffixes else '')
for suffix in suffixes:
    print(suffix)
)";

namespace {

/// What the user asks for: "3.14", "3.14d".
struct WantedVersion {
  model::PythonVersion version{};
  bool debug = false;
  bool free_threaded = false;
  std::string suffix() const { return std::string(free_threaded ? "t" : "") + (debug ? "d" : ""); }
};

std::optional<WantedVersion> parse_wanted(std::string text) {
  WantedVersion wanted;
  if (text.ends_with('d')) {
    wanted.debug = true;
    text.pop_back();
  }
  if (text.ends_with('t')) {
    wanted.free_threaded = true;
    text.pop_back();
  }
  const auto version = model::parse_python_version(text);
  if (!version) return std::nullopt;
  wanted.version = *version;
  return wanted;
}

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_executable_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

InterpreterResult understand(const std::string& output, const std::string& path) {
  const std::vector<std::string> answers = lines_of(output);
  if (answers.size() < 3 || answers[0] != kGreeting) {
    return {{}, "is no Python interpreter: it did not answer what every Python answers"};
  }
  const auto version = model::parse_python_version(answers[1]);
  if (!version) return {{}, "answers with an unknown version: " + answers[1]};
  if (*version < kOldest) {
    return {{},
            "is Python " + answers[2] + "; interpreters with a GIL of their own exist from " + kOldest.str() + " on"};
  }
  if (answers.size() < 10) return {{}, "is Python " + answers[2] + " but cannot describe itself"};
  if (answers[3] != "cpython") return {{}, "is " + answers[3] + ", not CPython"};
  model::Interpreter interpreter;
  interpreter.version = *version;
  interpreter.full_version = answers[2];
  interpreter.executable = answers[4].empty() ? path : answers[4];
  interpreter.debug = answers[5] == "1";
  interpreter.free_threaded = answers[6] == "1";
  interpreter.include_dir = answers[7];
  interpreter.ext_suffix = answers[8];
  interpreter.import_suffixes.assign(answers.begin() + 9, answers.end());
  interpreter.id = version->str() + (interpreter.free_threaded ? "t" : "") + (interpreter.debug ? "d" : "");
  return {interpreter, ""};
}

/// Runs `path` and asks, unless it runs already and has said enough; the error does not name the path.
InterpreterResult ask(const std::string& path, ServerAhead* ahead) {
  if (ahead != nullptr && ahead->serves(path)) {
    InterpreterResult result = understand(ahead->answers(), path);
    if (result.interpreter && !result.interpreter->include_dir.empty()) return result;
  }
  ChildRequest request;
  request.executable = path;
  // Nothing of what is asked hangs on `site`, which takes as long as all the rest of a start.
  request.arguments = {"-I", "-S", "-c", kQuestion};
  // Shims of version managers find their interpreters through these.
  request.environment = inherited({"PATH", "HOME", "PYENV_ROOT", "PYENV_VERSION", "LD_LIBRARY_PATH"});
  request.limits.seconds = kAnswerSeconds;
  const ChildResult child = run_child(request);
  if (!child.start_error.empty()) return {{}, "cannot be started (" + child.start_error + ")"};
  if (child.timed_out) return {{}, "did not answer within " + std::to_string(kAnswerSeconds) + " seconds"};

  return understand(child.output, path);
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> folders;
  std::istringstream stream(path);
  for (std::string folder; std::getline(stream, folder, ':');) {
    if (!folder.empty()) folders.push_back(folder);
  }
  return folders;
}

/// Newest first: ~/.pyenv/versions/3.13.10 before 3.13.9.
std::vector<std::string> pyenv_folders(const model::PythonVersion& version) {
  std::vector<std::pair<long, std::string>> found;
  const std::string prefix = version.str() + ".";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(environment_value("HOME") + "/.pyenv/versions", error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    found.emplace_back(std::strtol(name.c_str() + prefix.size(), nullptr, 10), (entry.path() / "bin").string());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> folders;
  folders.reserve(found.size());
  for (auto& [patch, folder] : found) folders.push_back(std::move(folder));
  return folders;
}

std::string cache_folder() {
  std::string cache = environment_value("ISOAUDIT_CACHE");
  if (cache.empty()) cache = environment_value("HOME") + "/.cache/isoaudit";
  return cache;
}

std::vector<std::string> candidates(const WantedVersion& wanted) {
  const std::string number = wanted.version.str();
  std::vector<std::string> names = {"python" + number + wanted.suffix()};
  if (wanted.debug) names.push_back("python" + number + "-dbg");
  std::vector<std::string> folders = split_path(environment_value("PATH"));
  for (std::string& folder : pyenv_folders(wanted.version)) folders.push_back(std::move(folder));
  folders.insert(folders.end(), {"/usr/local/bin", "/usr/bin", cache_folder() + "/cpython/" + number + "/bin"});
  std::vector<std::string> found;
  for (const std::string& folder : folders) {
    for (const std::string& name : names) {
      std::string path = folder;
      path.append("/").append(name);
      if (is_executable_file(path) && std::find(found.begin(), found.end(), path) == found.end()) {
        found.push_back(path);
      }
    }
  }
  return found;
}

InterpreterResult find_version(const std::string& text, const WantedVersion& wanted, ServerAhead* ahead) {
  if (wanted.version < kOldest) {
    return {{}, text + ": interpreters with a GIL of their own exist from Python " + kOldest.str() + " on"};
  }
  std::string tried;
  for (const std::string& path : candidates(wanted)) {
    InterpreterResult result = ask(path, ahead);
    if (!result.interpreter) {
      tried += "; " + path + " " + result.error;
      continue;
    }
    const model::Interpreter& found = *result.interpreter;
    if (found.version == wanted.version && found.debug == wanted.debug && found.free_threaded == wanted.free_threaded) {
      return result;
    }
    tried += "; " + path + " is " + found.id;
  }
  return {{}, text + ": no such interpreter on this machine" + tried};
}

/// A command is looked for on PATH; anything else is a path already.
std::string path_of(const std::string& wanted) {
  if (wanted.find('/') != std::string::npos) return wanted;
  for (const std::string& folder : split_path(environment_value("PATH"))) {
    const fs::path candidate = fs::path(folder) / wanted;
    if (is_executable_file(candidate)) return candidate.string();
  }
  return wanted;
}

}  // namespace

std::string first_candidate(const std::string& wanted) {
  if (const auto version = parse_wanted(wanted)) {
    const std::vector<std::string> found = candidates(*version);
    return found.empty() ? "" : found.front();
  }
  std::error_code error;
  const std::string path = path_of(wanted);
  return is_executable_file(path) ? fs::absolute(path, error).string() : "";
}

InterpreterResult find_interpreter(const std::string& wanted, ServerAhead* ahead) {
  if (const auto version = parse_wanted(wanted)) return find_version(wanted, *version, ahead);
  std::error_code error;
  const std::string path = path_of(wanted);
  if (!fs::exists(path, error)) {
    const bool is_path = wanted.find('/') != std::string::npos;
    return {{}, wanted + (is_path ? ": no such file" : ": no such version or command")};
  }
  if (fs::is_directory(path, error)) return {{}, wanted + ": is a folder, not an interpreter"};
  if (!is_executable_file(path)) return {{}, wanted + ": is not an executable file"};
  InterpreterResult result = ask(fs::absolute(path, error).string(), ahead);
  if (!result.interpreter) result.error = wanted + ": " + result.error;
  return result;
}

InterpreterResult find_default_interpreter() {
  std::vector<model::PythonVersion> versions;
  for (const model::PythonLayout& layout : model::python_layouts()) versions.push_back(layout.version);
  std::sort(versions.rbegin(), versions.rend());
  versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
  for (const model::PythonVersion& version : versions) {
    InterpreterResult result = find_interpreter(version.str());
    if (result.interpreter) return result;
  }
  return {{}, "no CPython from " + kOldest.str() + " on was found on this machine"};
}

}  // namespace isoaudit::loader_probe
