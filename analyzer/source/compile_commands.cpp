#include "analyzer/source/compile_commands.h"

#include <llvm/Support/CommandLine.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

constexpr const char* file_name = "compile_commands.json";

/// Programs that stand before the compiler in a recorded command.
constexpr std::string_view launchers[] = {"ccache", "sccache", "distcc", "icecc", "gomacc", "buildcache", "env"};

/// What Clang reads as C or C++. Build systems list what other compilers get as well: Cython, Fortran, assemblers.
constexpr std::string_view c_endings[] = {".c", ".i", ".cc", ".cp", ".cxx", ".cpp", ".c++", ".C", ".ii", ".m", ".mm"};

/// C++ for other machines (nvcc, hipcc, SYCL, ISPC). What of it runs beside Python may hold statics like any other.
constexpr std::string_view device_endings[] = {".cu", ".hip", ".sycl", ".ispc"};

bool ends_with_one(const std::string& file, const auto& endings) {
  return std::ranges::find(endings, fs::path(file).extension().string()) != std::end(endings);
}

std::vector<std::string> split_command(llvm::StringRef command) {
  llvm::BumpPtrAllocator memory;
  llvm::StringSaver saver(memory);
  llvm::SmallVector<const char*, 64> words;
  llvm::cl::TokenizeGNUCommandLine(command, saver, words);
  return {words.begin(), words.end()};
}

bool is_launcher(const std::string& word) {
  const std::string name = fs::path(word).filename().string();
  return std::ranges::find(launchers, name) != std::end(launchers);
}

/// `env A=1 ccache gcc` → `gcc`. A single word stays, whatever it is called.
void drop_launchers(std::vector<std::string>& words) {
  std::size_t first = 0;
  while (first + 1 < words.size() && is_launcher(words[first])) {
    ++first;
    while (first + 1 < words.size() && words[first].find('=') != std::string::npos) ++first;
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
}

std::optional<CompileCommand> read_entry(const llvm::json::Object& entry, const std::string& database_folder,
                                         CanonicalPaths& paths) {
  const auto file = entry.getString("file");
  if (!file) return std::nullopt;
  CompileCommand command;
  const fs::path directory = entry.getString("directory").value_or("").str();
  command.directory = (fs::path(database_folder) / directory).lexically_normal().string();
  command.file = paths.of((fs::path(command.directory) / file->str()).string());
  if (const llvm::json::Array* arguments = entry.getArray("arguments")) {
    for (const llvm::json::Value& word : *arguments) {
      if (const auto text = word.getAsString()) command.arguments.push_back(text->str());
    }
  } else if (const auto line = entry.getString("command")) {
    command.arguments = split_command(*line);
  }
  drop_launchers(command.arguments);
  if (command.arguments.empty()) return std::nullopt;
  return command;
}

class Reader {
 public:
  explicit Reader(const ProjectFiles& project) : project_(project) {}

  /// Says whether the file named at least one unit of the project.
  bool read(const std::string& path) {
    const auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer) {
      gap(path, "cannot be read: " + buffer.getError().message());
      return false;
    }
    llvm::Expected<llvm::json::Value> json = llvm::json::parse((*buffer)->getBuffer());
    if (!json) {
      gap(path, "is no JSON: " + llvm::toString(json.takeError()));
      return false;
    }
    const llvm::json::Array* entries = json->getAsArray();
    if (entries == nullptr) {
      gap(path, "is no list of compile commands");
      return false;
    }
    found = true;
    std::size_t broken = 0;
    const std::size_t before = commands_.size();
    const std::string folder = fs::path(path).parent_path().string();
    for (const llvm::json::Value& value : *entries) {
      const llvm::json::Object* object = value.getAsObject();
      std::optional<CompileCommand> command = object != nullptr ? read_entry(*object, folder, paths_) : std::nullopt;
      if (!command) {
        ++broken;
      } else if (!project_.contains(command->file)) {
        continue;
      } else if (ends_with_one(command->file, c_endings)) {
        const std::string file = command->file;
        commands_.try_emplace(file, *std::move(command));
      } else if (ends_with_one(command->file, device_endings)) {
        gap(command->file, "was not read: it is compiled for another machine as well, by a compiler of its own");
      }
    }
    if (broken != 0) gap(path, std::to_string(broken) + " of its entries name no file or no command");
    return commands_.size() != before;
  }

  void gap(const std::string& path, const std::string& reason) {
    gaps.push_back({project_.display(canonical_path(path)), reason});
  }

  std::vector<CompileCommand> units() {
    std::vector<CompileCommand> all;
    all.reserve(commands_.size());
    for (auto& [file, command] : commands_) all.push_back(std::move(command));
    return all;
  }

  std::vector<model::Gap> gaps{};
  bool found = false;

 private:
  const ProjectFiles& project_;
  CanonicalPaths paths_{};
  std::map<std::string, CompileCommand> commands_{};
};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<fs::path> sub_folders(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) found.push_back(it->path());
  }
  std::ranges::sort(found);
  return found;
}

bool is_build_folder(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name == "_build" || name == "out" || name == ".build" || name.starts_with("build") ||
         name.starts_with("cmake-build") || name.starts_with(".mesonpy");
}

/// compile_commands.json of `folder` itself, of its sub-folders, and of the folders in its build folders
/// (build/cp314, build/release).
std::vector<std::string> candidates_below(const fs::path& folder, bool only_build_folders) {
  std::vector<std::string> found;
  const auto add = [&](const fs::path& where) {
    if (is_file(where / file_name)) found.push_back((where / file_name).string());
  };
  add(folder);
  for (const fs::path& sub : sub_folders(folder)) {
    const bool build = is_build_folder(sub);
    if (build || !only_build_folders) add(sub);
    if (!build) continue;
    for (const fs::path& deeper : sub_folders(sub)) add(deeper);
  }
  return found;
}

void read_near(Reader& reader, const std::string& root) {
  bool useful = false;
  for (const std::string& path : candidates_below(root, false)) useful |= reader.read(path);
  for (fs::path folder = fs::path(root).parent_path(); !useful; folder = folder.parent_path()) {
    for (const std::string& path : candidates_below(folder, true)) useful |= reader.read(path);
    if (folder == folder.root_path()) return;
  }
}

}  // namespace

CompileCommands find_compile_commands(const ProjectFiles& project, const std::vector<std::string>& build_dirs) {
  Reader reader(project);
  for (const std::string& named : build_dirs) {
    const std::string path = is_file(named) ? named : (fs::path(named) / file_name).string();
    if (is_file(path)) {
      reader.read(canonical_path(path));
    } else {
      reader.gap(named, "holds no compile_commands.json");
    }
  }
  if (build_dirs.empty()) {
    for (const std::string& root : project.folders()) read_near(reader, root);
  }
  CompileCommands result{reader.units(), std::move(reader.gaps), reader.found};
  std::ranges::sort(result.gaps);
  result.gaps.erase(std::unique(result.gaps.begin(), result.gaps.end()), result.gaps.end());
  return result;
}

}  // namespace isoaudit::analyzer
