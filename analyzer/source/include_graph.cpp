#include "analyzer/source/include_graph.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <tuple>

#include "analyzer/source/include_lines.h"
#include "analyzer/source/project_files.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// How many leading folders two paths share.
std::size_t shared_folders(std::string_view a, std::string_view b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i) count += a[i] == '/' ? 1 : 0;
  return count;
}

/// Headers that bring Python.h and lie outside most trees.
bool is_python_header(std::string_view name) {
  return name == "Python.h" || name.starts_with("pybind11/") || name.starts_with("nanobind/") ||
         name.starts_with("boost/python");
}

/// Headers of Windows, macOS, the BSDs, AIX, z/OS, QNX, Haiku, the Hurd, Android and browsers that no library brings
/// elsewhere.
constexpr auto of_other_systems = std::to_array<std::string_view>({
    "CoreFoundation/CoreFoundation.h",
    "FindDirectory.h",
    "TargetConditionals.h",
    "android/log.h",
    "direct.h",
    "emscripten.h",
    "emscripten/bind.h",
    "hurd.h",
    "io.h",
    "kvm.h",
    "mach/mach.h",
    "net/if_dl.h",
    "process.h",
    "procinfo.h",
    "sys/event.h",
    "sys/process.h",
    "sys/protosw.h",
    "sys/ps.h",
    "sys/sysctl.h",
    "sys/system_properties.h",
    "windows.h",
    "winsock2.h",
    "ws2tcpip.h",
    "zos-base.h",
});

/// A compiler has them for one machine each.
constexpr auto of_other_machines = std::to_array<std::string_view>({
#if defined(__x86_64__)
    "arm_acle.h",
    "arm_neon.h",
    "arm_sve.h",
#else
    "emmintrin.h",
    "immintrin.h",
    "x86intrin.h",
    "xmmintrin.h",
#endif
    "altivec.h",
    "lasxintrin.h",
    "lsxintrin.h",
    "msa.h",
    "riscv_vector.h",
    "vecintrin.h",
    "wasm_simd128.h",
});

bool is_of_other_system(const std::string& name) {
  if (std::ranges::find(of_other_machines, std::string_view(name)) != of_other_machines.end()) return true;
  return std::ranges::find(of_other_systems, std::string_view(name)) != of_other_systems.end() &&
         !is_file("/usr/include/" + name);
}

/// "config_darwin/ares_config.h": one of several files of that name, for another system than this.
bool names_other_system(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().filename().string();
  const std::string_view word = std::string_view(folder).substr(folder.find_last_of("-_") + 1);
  constexpr auto systems = std::to_array<std::string_view>({"aix", "android", "beos", "cygwin", "darwin", "freebsd",
                                                            "ios", "mac", "macos", "mingw", "msvc", "netbsd", "openbsd",
                                                            "osx", "solaris", "vms", "win32", "win64", "windows"});
  return std::ranges::find(systems, word) != systems.end();
}

}  // namespace

Include IncludeGraph::resolve(const std::string& includer, const std::string& name, bool quoted) const {
  Include include{"", "", quoted};
  if (quoted) {
    const std::string beside = (fs::path(includer).parent_path() / name).lexically_normal().string();
    if (is_file(beside)) {
      include.path = beside;
      return include;
    }
  }
  for (const std::string& folder : preferred_) {
    const std::string path = (fs::path(folder) / name).lexically_normal().string();
    if (!is_file(path)) continue;
    include.path = path;
    include.folder = folder;
    return include;
  }
  if (!python_include_.empty() && is_file(python_include_ + "/" + name)) return include;
  const auto [first, last] = tree_.includable.equal_range(fs::path(name).filename().string());
  const std::string ending = "/" + name;
  using Rank = std::tuple<bool, bool, std::size_t, std::size_t, std::string>;
  Rank best{};
  for (auto it = first; it != last; ++it) {
    const std::string& path = it->second.path;
    if (!path.ends_with(ending)) continue;
    Rank rank{it->second.is_aside, names_other_system(path), 1000 - shared_folders(path, includer), path.size(), path};
    if (include.path.empty() || rank < best) {
      best = std::move(rank);
      include.path = path;
      include.folder = path.substr(0, path.size() - ending.size());
    }
  }
  // `#include "pycore_frame.h"`: what CPython installs for those who dare.
  const std::string internal = python_include_ + "/internal";
  if (include.path.empty() && !python_include_.empty() && is_file(internal + "/" + name)) include.folder = internal;
  return include;
}

const IncludingFile& IncludeGraph::file(const std::string& path) {
  const auto [known, is_new] = files_.try_emplace(path);
  if (!is_new) return known->second;
  const IncludeLines lines = read_include_lines(path);
  IncludingFile& file = known->second;
  file.has_main = lines.has_main;
  file.bytes = lines.bytes;
  for (const IncludeLine& line : lines.includes) {
    file.is_extension_code |= is_python_header(line.name);
    Include& include = file.includes.emplace_back(resolve(path, line.name, line.quoted));
    include.always = line.always;
    file.has_configuration |= line.configured && !include.path.empty() && !names_other_system(include.path);
    // In quotes it is the project's own, made by its build.
    file.needs_other_system |= include.always && !line.quoted && include.path.empty() && is_of_other_system(line.name);
  }
  return file;
}

bool IncludeGraph::is_for_other_system(const std::string& path) {
  std::vector<std::string> found{path};
  std::set<std::string> seen{path};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const IncludingFile& current = file(std::string(found[i]));
    if (current.needs_other_system) return true;
    for (const Include& include : current.includes) {
      if (include.always && !include.path.empty() && seen.insert(include.path).second) found.push_back(include.path);
    }
  }
  return false;
}

const std::vector<std::string>& IncludeGraph::reached(const std::string& path) {
  const auto [known, is_new] = reached_.try_emplace(path);
  if (!is_new) return known->second;
  std::vector<std::string> found{path};
  std::set<std::string_view> seen{path};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string current = found[i];
    for (const Include& include : file(current).includes) {
      if (include.path.empty() || !seen.insert(include.path).second) continue;
      found.push_back(include.path);
    }
  }
  // No other call has come between: the entry is where it was.
  return reached_[path] = std::move(found);
}

}  // namespace isoaudit::analyzer
