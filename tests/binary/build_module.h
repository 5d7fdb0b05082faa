#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace isoaudit::tests {

/// Builds small extension modules with the C compiler in a folder that goes away with the value.
class ModuleFolder {
 public:
  ModuleFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isoaudit-modules-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ModuleFolder(const ModuleFolder&) = delete;
  ModuleFolder& operator=(const ModuleFolder&) = delete;
  ~ModuleFolder() { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return (root_ / name).string(); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  /// Compiles `source`, which Python.h precedes, into the shared object `name`. A compiler's complaint fails the test.
  std::string build(const std::string& name, const std::string& source, const std::string& flags = "-O2") const {
    const bool cxx = source.find("// c++") != std::string::npos;
    const std::string file = write(name + (cxx ? ".cpp" : ".c"), "#include <Python.h>\n" + source);
    const std::string command = std::string(cxx ? ISOAUDIT_CXX : ISOAUDIT_CC) + " -shared -fPIC -w -I'" +
                                ISOAUDIT_PYTHON_INCLUDE + "' " + flags + " '" + file + "' -o '" + path(name) + "' 2>'" +
                                path("log") + "'";
    if (std::system(command.c_str()) != 0) ADD_FAILURE() << command << "\n" << read("log");
    return path(name);
  }

  std::string read(const std::string& name) const {
    std::ifstream stream(path(name), std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path root_;
};

/// "3.14": the version of the headers that modules are built with.
inline std::string header_version() {
  std::ifstream stream(std::string(ISOAUDIT_PYTHON_INCLUDE) + "/patchlevel.h");
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  constexpr std::string_view key = "PY_MINOR_VERSION";
  const std::size_t found = text.find(key);
  if (found == std::string::npos) return "no patchlevel.h";
  return "3." + std::to_string(std::atoi(text.c_str() + found + key.size()));
}

/// The file name that an import of `module` looks for first.
inline std::string tagged(const std::string& module) {
  return module + ".cpython-3" + header_version().substr(2) + "-x86_64-linux-gnu.so";
}

}  // namespace isoaudit::tests
