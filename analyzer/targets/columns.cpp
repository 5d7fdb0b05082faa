#include "analyzer/targets/columns.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "analyzer/targets/wheel_name.h"

namespace isoaudit::analyzer {
namespace {

/// ".../lib/python3.14/site-packages/..." → 3.14 (or python3.14t): where a file lies says who imports it.
std::optional<model::Interpreter> version_of_folder(std::string_view path) {
  constexpr std::string_view start = "python3.";
  for (std::size_t at = path.find(start); at != std::string_view::npos; at = path.find(start, at + 1)) {
    if (at > 0 && path[at - 1] != '/') continue;
    const std::string_view rest = path.substr(at + start.size());
    model::Interpreter found;
    found.version.major = 3;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), found.version.minor);
    if (error != std::errc{}) continue;
    const std::string_view behind = rest.substr(static_cast<std::size_t>(end - rest.data()));
    found.free_threaded = behind.starts_with("t/");
    if (found.free_threaded || behind.starts_with('/')) return found;
  }
  return std::nullopt;
}

/// Does a name say which version it is for? Its own tag does, or its wheel's.
bool is_tagged(const BinaryTarget& target) {
  if (!target.abi_tag.empty()) return true;
  const auto wheel = parse_wheel_name(target.archive);
  return wheel && std::ranges::find(wheel->abis, "none") == wheel->abis.end();
}

}  // namespace

std::vector<model::Interpreter> columns_of(const std::vector<BinaryTarget>& binaries) {
  const bool any_tag = std::ranges::any_of(binaries, is_tagged);
  std::vector<model::Interpreter> columns;
  for (const model::PythonLayout& layout : model::python_layouts()) {
    model::Interpreter column;
    column.version = layout.version;
    column.free_threaded = layout.free_threaded;
    column.id = layout.version.str() + (layout.free_threaded ? "t" : "");
    const bool spoken_of = std::ranges::any_of(binaries, [&](const BinaryTarget& target) {
      if (!importable_by(target, column)) return false;
      const auto folder = version_of_folder(target.import_root);
      if (folder) return folder->version == column.version && folder->free_threaded == column.free_threaded;
      return !any_tag || is_tagged(target);
    });
    if (spoken_of) columns.push_back(std::move(column));
  }
  std::ranges::sort(columns, {}, [](const model::Interpreter& c) { return std::pair(c.version, c.free_threaded); });
  return columns;
}

}  // namespace isoaudit::analyzer
