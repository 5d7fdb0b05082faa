#include "analyzer/targets/wheel_name.h"

#include <algorithm>
#include <charconv>

namespace isoaudit::analyzer {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

struct PythonTag {
  std::string implementation{};
  /// No minor number: "py3".
  std::optional<int> minor{};
  /// What stands behind the number in an ABI tag: "t", "d".
  std::string flags{};
};

/// "cp314t" → cp, 14, t. Empty for Python 2 and for what is no such tag.
std::optional<PythonTag> parse_tag(std::string_view tag) {
  if (tag.size() < 3 || tag[2] != '3') return std::nullopt;
  PythonTag parsed{std::string(tag.substr(0, 2)), std::nullopt, ""};
  tag.remove_prefix(3);
  int minor = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), minor);
  if (error == std::errc{}) parsed.minor = minor;
  parsed.flags = std::string(tag.substr(static_cast<std::size_t>(end - tag.data())));
  return parsed;
}

bool fits(const std::string& python, const std::string& abi, model::PythonVersion version, bool free_threaded) {
  const auto tag = parse_tag(python);
  if (!tag || (tag->implementation != "cp" && tag->implementation != "py")) return false;
  const bool cpython = tag->implementation == "cp";
  const bool not_newer = !tag->minor || *tag->minor <= version.minor;
  if (abi == "none") return cpython && tag->minor ? *tag->minor == version.minor : not_newer;
  if (abi == "abi3") return cpython && not_newer && !free_threaded;
  if (abi == "abi3t") return cpython && not_newer && free_threaded;
  const auto exact = parse_tag(abi);
  return exact && exact->implementation == "cp" && exact->minor == version.minor && tag->minor == version.minor &&
         (exact->flags.find('t') != std::string::npos) == free_threaded;
}

}  // namespace

std::optional<WheelName> parse_wheel_name(std::string_view name) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (!name.ends_with(".whl")) return std::nullopt;
  name.remove_suffix(4);
  const std::vector<std::string> parts = split(name, '-');
  // Five, or six with a build number behind the version.
  if (parts.size() != 5 && parts.size() != 6) return std::nullopt;
  if (std::ranges::any_of(parts, &std::string::empty)) return std::nullopt;
  const std::size_t tags = parts.size() - 3;
  return WheelName{parts[0], parts[1], split(parts[tags], '.'), split(parts[tags + 1], '.'),
                   split(parts[tags + 2], '.')};
}

bool fits(const WheelName& wheel, model::PythonVersion version, bool free_threaded) {
  return std::ranges::any_of(wheel.pythons, [&](const std::string& python) {
    return std::ranges::any_of(wheel.abis,
                               [&](const std::string& abi) { return fits(python, abi, version, free_threaded); });
  });
}

}  // namespace isoaudit::analyzer
