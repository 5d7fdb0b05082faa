#include <algorithm>
#include <string_view>

#include "analyzer/targets/find_targets.h"
#include "analyzer/targets/wheel_name.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

/// musl and glibc do not load each other's modules; the other platforms differ in the file itself.
bool fits_libc(const WheelName& wheel, const model::Interpreter& interpreter) {
  const bool musl = interpreter.ext_suffix.find("-musl") != std::string::npos;
  return std::ranges::any_of(wheel.platforms, [&](const std::string& platform) {
    return platform == "any" || platform.starts_with("musllinux") == musl;
  });
}

/// By the tags alone, for an Interpreter that stands for a version.
bool fits_version(const model::ModuleFileName& file, bool wheel_is_exact, const model::Interpreter& interpreter) {
  const model::TagVersions tag = model::versions_of_tag(file.abi_tag);
  const bool version = std::ranges::find(tag.versions, interpreter.version) != tag.versions.end();
  if (file.abi_tag.empty()) return wheel_is_exact || (version && !interpreter.free_threaded);
  return version && tag.free_threaded == interpreter.free_threaded;
}

}  // namespace

bool importable_by(const BinaryTarget& target, const model::Interpreter& interpreter) {
  if (target.off_path) return false;
  if (!target.only_for.empty() && std::ranges::find(target.only_for, interpreter.id) == target.only_for.end()) {
    return false;
  }
  const std::vector<std::string>& known = interpreter.import_suffixes;
  const bool stands_for_version = interpreter.executable.empty() && interpreter.ext_suffix.empty() && known.empty();
  const auto wheel = parse_wheel_name(target.archive);
  if (wheel && !fits(*wheel, interpreter.version, interpreter.free_threaded)) return false;
  if (wheel && !stands_for_version && !fits_libc(*wheel, interpreter)) return false;

  const std::string name = target.path.substr(target.path.rfind('/') + 1);
  if (stands_for_version) {
    const auto file = model::parse_module_file_name(name);
    const bool wheel_is_exact = wheel && std::ranges::find(wheel->abis, "none") == wheel->abis.end();
    return file && file->stem.find('.') == std::string::npos && fits_version(*file, wheel_is_exact, interpreter);
  }
  std::vector<std::string> suffixes = known;
  if (suffixes.empty() && !interpreter.ext_suffix.empty()) suffixes = {interpreter.ext_suffix};
  return std::ranges::any_of(suffixes, [&](const std::string& suffix) {
    if (!name.ends_with(suffix) || name.size() == suffix.size()) return false;
    // "a.b.so" would be the module "a.b" in this folder, which no import statement can name.
    return name.substr(0, name.size() - suffix.size()).find('.') == std::string::npos;
  });
}

}  // namespace isoaudit::analyzer
