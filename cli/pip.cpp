#include "cli/pip.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "loader_probe/host/child_process.h"

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;

/// pip starts in a second; a busy machine takes longer.
constexpr double answer_seconds = 60;

bool works(const std::vector<std::string>& command) {
  loader_probe::ChildRequest request;
  request.executable = command.front();
  request.arguments.assign(command.begin() + 1, command.end());
  request.arguments.emplace_back("--version");
  request.environment = environment_with({});
  request.limits.seconds = answer_seconds;
  const loader_probe::ChildResult child = run_child(request);
  return child.start_error.empty() && !child.timed_out && child.wait_status == 0;
}

}  // namespace

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t end = rest.find(':');
    const std::string file = (fs::path(rest.substr(0, end)) / name).string();
    struct stat status{};
    if (stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(file.c_str(), X_OK) == 0) return file;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return "";
}

std::vector<std::string> environment_with(const std::vector<std::string>& more) {
  std::vector<std::string> all = more;
  for (char** setting = environ; *setting != nullptr; ++setting) {
    const std::string_view text = *setting;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::ranges::none_of(more, [&](const std::string& one) { return one.starts_with(name); }))
      all.emplace_back(text);
  }
  return all;
}

Pip find_pip(const model::Interpreter& python) {
  const std::string shown = fmt::format("python{} -m pip", python.version.str());
  std::vector<std::string> own = {python.executable, "-m", "pip"};
  if (works(own)) return {std::move(own), shown};
  std::vector<std::string> names = {"python3", "python"};
  for (int minor = 20; minor >= 9; --minor) names.push_back(fmt::format("python3.{}", minor));
  for (const std::string& name : names) {
    const std::string other = find_program(name);
    if (other.empty()) continue;
    std::vector<std::string> command = {other, "-m", "pip", "--python", python.executable};
    if (works(command))
      return {std::move(command), fmt::format("{} -m pip --python python{}", name, python.version.str())};
  }
  return {};
}

}  // namespace isoaudit::cli
