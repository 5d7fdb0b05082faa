#include "cli/project_settings.h"

#include <fmt/format.h>
#include <llvm/Support/JSON.h>

#include <filesystem>
#include <optional>

#include "cli/project_settings_py.h"
#include "loader_probe/host/child_process.h"

namespace isoaudit::cli {
namespace {

constexpr double answer_seconds = 60;

std::vector<std::string> texts(const llvm::json::Object& object, llvm::StringRef name) {
  std::vector<std::string> found;
  if (const llvm::json::Array* array = object.getArray(name)) {
    for (const llvm::json::Value& value : *array) {
      if (const auto text = value.getAsString()) found.push_back(text->str());
    }
  }
  return found;
}

analyzer::ProjectSettings settings_of(const llvm::json::Object& object) {
  analyzer::ProjectSettings settings;
  settings.folder = object.getString("folder").value_or("").str();
  settings.c_flags = texts(object, "c_flags");
  settings.cxx_flags = texts(object, "cxx_flags");
  settings.read = texts(object, "read");
  settings.is_whole = object.getBoolean("whole").value_or(false);
  if (const llvm::json::Array* extensions = object.getArray("extensions")) {
    for (const llvm::json::Value& value : *extensions) {
      if (const llvm::json::Object* extension = value.getAsObject()) {
        settings.extensions.push_back(
            {texts(*extension, "sources"), texts(*extension, "include_dirs"), texts(*extension, "flags")});
      }
    }
  }
  return settings;
}

}  // namespace

std::vector<analyzer::ProjectSettings> read_project_settings(const std::vector<std::string>& roots,
                                                             const model::Interpreter* python,
                                                             std::vector<model::Gap>& gaps) {
  std::vector<analyzer::ProjectSettings> all;
  if (python == nullptr || python->executable.empty() || roots.empty()) return all;
  loader_probe::ChildRequest request;
  request.executable = python->executable;
  request.arguments = {"-I", "-S", "-c", project_settings_source};
  for (const std::string& root : roots) {
    std::error_code error;
    request.arguments.push_back(std::filesystem::absolute(root, error).string());
  }
  request.environment = loader_probe::inherited({"PATH", "LD_LIBRARY_PATH"});
  request.limits.seconds = answer_seconds;
  const loader_probe::ChildResult child = run_child(request);
  llvm::Expected<llvm::json::Value> answer = llvm::json::parse(child.events);
  if (!answer) {
    llvm::consumeError(answer.takeError());
    for (const std::string& root : roots) {
      gaps.push_back({root, fmt::format("its build files could not be read: Python {} {}", python->id,
                                        child.timed_out ? "did not end" : "gave no answer")});
    }
    return all;
  }
  if (const llvm::json::Array* projects = answer->getAsArray()) {
    for (const llvm::json::Value& project : *projects) {
      if (const llvm::json::Object* object = project.getAsObject()) all.push_back(settings_of(*object));
    }
  }
  return all;
}

}  // namespace isoaudit::cli
