#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace isoaudit::tests {

/// Builds modules for Windows and macOS with Clang and LLD, in a folder that goes away with the value. There are no
/// headers of those systems: what a module needs of CPython's API is declared here, as 3.14 has it.
class ForeignFolder {
 public:
  ForeignFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isoaudit-foreign-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ForeignFolder(const ForeignFolder&) = delete;
  ForeignFolder& operator=(const ForeignFolder&) = delete;
  ~ForeignFolder() { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return (root_ / name).string(); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  std::string read(const std::string& name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  /// `machine`: x86_64, aarch64, i686. `link`: more options of lld-link.
  std::string build_windows(const std::string& name, const std::string& source, const std::string& machine = "x86_64",
                            const std::string& link = "") const {
    compile(source, machine + "-pc-windows-msvc");
    write("python.def",
          "LIBRARY python314.dll\nEXPORTS\nPyModuleDef_Init\nPyModule_Create2\nPyErr_NewException\n"
          "PyBaseObject_Type DATA\nPyExc_ValueError DATA\n_initterm\n");
    const std::string kind = machine == "x86_64" ? "i386:x86-64" : machine == "aarch64" ? "arm64" : "i386";
    run(tool("llvm-dlltool") + " -d '" + path("python.def") + "' -l '" + path("python.lib") + "' -m " + kind);
    run(tool("lld-link") + " /dll /nodefaultlib " + (link.find("/entry:") == std::string::npos ? "/noentry" : "") +
        " /out:'" + path(name) + "' '" + path("module.o") + "' '" + path("python.lib") + "' " + link);
    return path(name);
  }

  /// `machine`: arm64, x86_64. Chained fixups, or the opcodes of before.
  std::string build_macos(const std::string& name, const std::string& source, const std::string& machine = "arm64",
                          bool chained = true) const {
    compile(source, machine + "-apple-macos11");
    run(tool("ld64.lld") + " -arch " + machine +
        " -platform_version macos 11.0 11.0 -bundle -undefined dynamic_lookup " +
        (chained ? "-fixup_chains" : "-no_fixup_chains") + " -o '" + path(name) + "' '" + path("module.o") + "'");
    return path(name);
  }

  /// For 32-bit x86.
  std::string build_linux_32(const std::string& name, const std::string& source) const {
    compile(source, "i686-linux-gnu", "-fPIC");
    run(tool("ld.lld") + " -m elf_i386 -shared -o '" + path(name) + "' '" + path("module.o") + "'");
    return path(name);
  }

  std::string join_slices(const std::string& name, const std::string& first, const std::string& second) const {
    run(tool("llvm-lipo") + " -create '" + first + "' '" + second + "' -output '" + path(name) + "'");
    return path(name);
  }

 private:
  static std::string tool(const std::string& name) { return std::string(ISOAUDIT_LLVM_TOOLS) + "/" + name; }

  void run(const std::string& command) const {
    if (std::system((command + " >'" + path("log") + "' 2>&1").c_str()) != 0) {
      ADD_FAILURE() << command << "\n" << read("log");
    }
  }

  void compile(const std::string& source, const std::string& target, const std::string& more = "") const {
    write("module.c", std::string(python) + source);
    run(tool("clang") + " --target=" + target + " -O1 -ffreestanding -w " + more + " -c '" + path("module.c") +
        "' -o '" + path("module.o") + "'");
  }

  static constexpr const char* python = R"(
typedef __INTPTR_TYPE__ Py_ssize_t;
typedef struct {
  Py_ssize_t refcnt; void *type;
  void *init; Py_ssize_t index; void *copy;
  const char *name, *doc; Py_ssize_t size; void *methods, *slots, *traverse, *clear, *free;
} PyModuleDef;
typedef struct { int id; void *value; } PyModuleDef_Slot;
#if __SIZEOF_POINTER__ == 4
#define HEAD 0x70000000, 0, 0, 0, 0
#else
#define HEAD ((Py_ssize_t)0x00050000c0000000), 0, 0, 0, 0
#endif
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#define IMPORT __declspec(dllimport)
#else
#define EXPORT __attribute__((visibility("default")))
#define IMPORT
#endif
)";

  std::filesystem::path root_;
};

}  // namespace isoaudit::tests
