#include "model/module_file_name.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace isoaudit::model {
namespace {

constexpr std::array<std::string_view, 3> endings{".so", ".pyd", ".dylib"};

bool is_tag(std::string_view text) {
  for (std::string_view start : {"cpython-", "abi3", "pypy", "graalpy", "pyston-"}) {
    if (text.starts_with(start)) return true;
  }
  return text.size() > 2 && text.starts_with("cp") && std::isdigit(static_cast<unsigned char>(text[2])) != 0;
}

/// "cpython-314-x86_64-linux-gnu" → "cpython-314"; "abi3-darwin" → "abi3". Windows names its platform in the tag
/// itself.
std::string without_platform(std::string_view tag) {
  if (tag.starts_with("cp3")) return std::string(tag);
  std::size_t dash = tag.find('-');
  if (!tag.starts_with("abi3") && dash != std::string_view::npos) dash = tag.find('-', dash + 1);
  return std::string(tag.substr(0, dash));
}

}  // namespace

std::optional<ModuleFileName> parse_module_file_name(std::string_view name) {
  const auto ending = std::ranges::find_if(endings, [&](std::string_view e) { return name.ends_with(e); });
  if (ending == endings.end() || name.size() == ending->size()) return std::nullopt;
  name.remove_suffix(ending->size());
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || !is_tag(name.substr(dot + 1))) {
    return ModuleFileName{std::string(name), ""};
  }
  return ModuleFileName{std::string(name.substr(0, dot)), without_platform(name.substr(dot + 1))};
}

TagVersions versions_of_tag(std::string_view abi_tag) {
  TagVersions result;
  std::string_view number = abi_tag;
  for (std::string_view start : {"cpython-", "cp"}) {
    if (!number.starts_with(start)) continue;
    number.remove_prefix(start.size());
    result.exact = true;
    break;
  }
  if (result.exact) number = number.substr(0, number.find('-'));
  const std::size_t digits = std::min(number.find_first_not_of("0123456789"), number.size());
  if (result.exact) result.free_threaded = number.substr(digits).find('t') != std::string_view::npos;
  if (abi_tag == "abi3t") result.free_threaded = true;
  if (!result.exact && !abi_tag.empty() && abi_tag != "abi3" && abi_tag != "abi3t") return result;
  for (const PythonLayout& layout : python_layouts()) {
    if (layout.free_threaded != result.free_threaded) continue;
    const std::string compact = std::to_string(layout.version.major) + std::to_string(layout.version.minor);
    // abi3t is younger than every version but the last ones (PEP 803).
    if (abi_tag == "abi3t" && layout.version < PythonVersion{3, 15}) continue;
    if (!result.exact || number.substr(0, digits) == compact) result.versions.push_back(layout.version);
  }
  return result;
}

}  // namespace isoaudit::model
