#include "analyzer/source/source_tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string_view>
#include <system_error>

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view source_endings[] = {".c", ".cc", ".cpp", ".cxx", ".c++"};
constexpr std::string_view header_endings[] = {".h",   ".hh",  ".hpp", ".hxx", ".h++",
                                               ".inc", ".inl", ".ipp", ".tcc", ".def"};
constexpr std::string_view template_endings[] = {".src", ".in", ".tp", ".tmpl", ".jinja", ".jinja2"};
/// Nobody's sources.
constexpr std::string_view skipped[] = {"__pycache__", "node_modules", "site-packages", "CMakeFiles"};
/// A folder with one of these as its whole name, or before a sign that is no letter ("test_data", "tests-old").
constexpr std::string_view aside[] = {"test",      "tests",    "testing",   "testdata",      "testsuite",  "unittest",
                                      "unittests", "bench",    "benches",   "benchmark",     "benchmarks", "example",
                                      "examples",  "sample",   "samples",   "demo",          "demos",      "doc",
                                      "docs",      "fuzz",     "fuzzing",   "fuzzer",        "build",      "_build",
                                      "dist",      "tutorial", "tutorials", "vendored-meson"};
/// A part of a file's name, at its beginning or its end: "test_sort.c", "sort_test.cc".
constexpr std::string_view test_words[] = {"test",      "tests",      "unittest", "unittests", "bench",
                                           "benchmark", "benchmarks", "fuzz",     "fuzzer"};
constexpr std::string_view build_files[] = {"meson.build",    "CMakeLists.txt", "setup.py", "setup.cfg",
                                            "pyproject.toml", "Makefile",       "BUILD",    "BUILD.bazel"};
/// Of a Python project; a library's own bindings are no reason to leave it out.
constexpr std::string_view package_files[] = {"setup.py", "pyproject.toml", "PKG-INFO"};
/// Where a project keeps those of others.
constexpr std::string_view others_folders[] = {"third_party", "third-party",  "thirdparty",  "3rdparty",  "extern",
                                               "external",    "externals",    "vendor",      "vendored",  "bundled",
                                               "deps",        "dependencies", "subprojects", "submodules"};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_one_of(std::string_view name, const auto& names) { return std::ranges::find(names, name) != std::end(names); }

bool is_test_name(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string stem = lower(name.substr(0, name.find('.')));
  const std::size_t first = stem.find_first_of("-_");
  const std::size_t last = stem.find_last_of("-_");
  // "_testcapi.c" is a module.
  if (first == std::string::npos || first == 0) return false;
  // OpenCV's; Linux has performance counters.
  if (stem.starts_with("perf_") && path.string().find("/perf/") != std::string::npos) return true;
  return is_one_of(stem.substr(0, first), test_words) || is_one_of(stem.substr(last + 1), test_words);
}

/// "_setupares.py", "core_build.py": what a large setup.py is made of.
bool is_build_file(const std::string& name) {
  if (is_one_of(name, build_files) || name.ends_with(".cmake")) return true;
  return name.ends_with(".py") &&
         (name.starts_with("setup") || name.starts_with("_setup") || name.ends_with("_build.py"));
}

bool is_licence_name(std::string name) {
  name = lower(std::move(name));
  return name.starts_with("license") || name.starts_with("licence") || name.starts_with("copying") ||
         name.starts_with("copyright");
}

bool ends_with_one(std::string_view name, const auto& endings) {
  return std::ranges::any_of(endings, [&](std::string_view e) { return name.size() > e.size() && name.ends_with(e); });
}

bool is_aside_name(std::string name) {
  name = lower(std::move(name));
  if (name == "vendored-meson") return true;
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const std::size_t start = name.starts_with('_') && !name.starts_with("_build") ? 1 : 0;
  const auto end = std::find_if_not(name.begin() + static_cast<std::ptrdiff_t>(start), name.end(),
                                    [&](char c) { return is_letter(c) || c == '_'; });
  std::string word(name.begin() + static_cast<std::ptrdiff_t>(start), end);
  if (std::ranges::find(aside, word) != std::end(aside)) return true;
  // "test_data": up to the first sign that is no letter.
  const auto letters = std::ranges::find_if_not(word, is_letter);
  return letters != word.begin() && letters != word.end() &&
         std::ranges::find(aside, std::string_view(word.begin(), letters)) != std::end(aside);
}

bool is_generated_elsewhere(const fs::path& path) {
  std::error_code error;
  fs::path made = path;
  for (const char* ending : {".c", ".cpp", ".cc", ".cxx"}) {
    made.replace_extension(ending);
    if (fs::exists(made, error)) return true;
  }
  return false;
}

/// Cython's sources may include each other: `include "part.pyx"`.
void erase_included(std::vector<std::string>& unmade) {
  std::set<std::string> included;
  std::set<fs::path> folders;
  for (const std::string& path : unmade) {
    if (path.ends_with(".pyx")) folders.insert(fs::path(path).parent_path());
  }
  static const std::regex line(R"re(^\s*include\s+["']([^"']+)["'])re");
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      const std::string ending = it->path().extension().string();
      if (ending != ".pyx" && ending != ".pxi") continue;
      std::ifstream file(it->path());
      std::smatch words;
      for (std::string text; std::getline(file, text);) {
        if (!text.starts_with("include") && !text.starts_with(" ") && !text.starts_with("\t")) continue;
        if (text.size() < 512 && std::regex_search(text, words, line)) {
          included.insert((folder / words[1].str()).lexically_normal().string());
        }
      }
    }
  }
  std::erase_if(unmade, [&](const std::string& path) { return included.contains(path); });
}

class Walk {
 public:
  explicit Walk(SourceTree& tree) : tree_(tree) {}

  void folder(const fs::path& path, bool is_aside) {
    std::error_code error;
    const bool holds_others = is_one_of(lower(path.filename().string()), others_folders) && depth_ > 0;
    bool has_licence = false;
    bool has_build = false;
    bool is_package = false;
    ++depth_;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->is_symlink(ignored)) continue;
      const std::string name = it->path().filename().string();
      if (it->is_directory(ignored)) {
        if (name.starts_with('.') || is_one_of(name, skipped)) continue;
        if (fs::exists(it->path() / "pyvenv.cfg", ignored)) continue;
        if (holds_others) tree_.brought.push_back(it->path().string());
        folder(it->path(), is_aside || is_aside_name(name));
      } else if (it->is_regular_file(ignored)) {
        file(it->path(), name, is_aside);
        has_licence |= is_licence_name(name);
        has_build |= is_one_of(name, build_files);
        is_package |= is_one_of(name, package_files);
      }
    }
    --depth_;
    if (depth_ > 0 && has_licence && has_build && !is_package) tree_.brought.push_back(path.string());
  }

  void file(const fs::path& path, const std::string& name, bool is_aside) {
    const TreeFile found{path.string(), is_aside, is_test_name(path)};
    if (has_source_ending(name)) {
      tree_.sources.push_back(found);
      tree_.includable.emplace(name, found);
    } else if (ends_with_one(name, header_endings)) {
      tree_.includable.emplace(name, found);
    } else if (!is_aside && is_build_file(name)) {
      tree_.build_files.push_back(found.path);
    } else if (!is_aside && is_unmade(path, name)) {
      tree_.unmade.push_back(found.path);
    }
  }

 private:
  static bool is_unmade(const fs::path& path, const std::string& name) {
    if (name.ends_with(".pyx")) return !is_generated_elsewhere(path);
    if (!ends_with_one(name, template_endings)) return false;
    std::error_code error;
    fs::path made = path;
    made.replace_extension();
    const std::string inner = made.filename().string();
    if (!ends_with_one(inner, source_endings) && !ends_with_one(inner, header_endings) && !inner.ends_with(".pyx")) {
      return false;
    }
    return !fs::exists(made, error);
  }

  SourceTree& tree_;
  /// How many folders of this walk hold the one that is looked at.
  int depth_ = 0;
};

}  // namespace

bool has_source_ending(std::string_view name) { return ends_with_one(name, source_endings); }

SourceTree read_source_tree(const std::vector<std::string>& roots, const std::vector<std::string>& around) {
  SourceTree tree;
  for (const std::string& folder : around) Walk(tree).folder(folder, false);
  tree.sources.clear();
  tree.unmade.clear();
  // The roots lie below `around` or elsewhere: what is found twice is one file all the same.
  Walk walk(tree);
  for (const std::string& root : roots) {
    std::error_code error;
    if (fs::is_directory(root, error)) {
      walk.folder(root, false);
    } else {
      walk.file(root, fs::path(root).filename().string(), false);
    }
  }
  const auto unique = [](auto& list) {
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  unique(tree.sources);
  unique(tree.unmade);
  unique(tree.build_files);
  unique(tree.brought);
  // What the user names, and the projects that it belongs to, are nobody else's.
  const auto holds_one = [](const std::string& folder, const std::vector<std::string>& paths) {
    return std::ranges::any_of(
        paths, [&](const std::string& path) { return path == folder || path.starts_with(folder + "/"); });
  };
  std::erase_if(tree.brought,
                [&](const std::string& folder) { return holds_one(folder, roots) || holds_one(folder, around); });
  erase_included(tree.unmade);
  return tree;
}

}  // namespace isoaudit::analyzer
