#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/code/collect_code_of_file.h"

namespace isoaudit::tests {

/// Builds one source with GCC and Clang, optimised and not, for x86-64 and AArch64, without any headers: what a source
/// needs of CPython and libc, `prelude` declares.
class CompileMatrix {
 public:
  struct Way {
    std::string name{};
    /// "%s" is the source's path, "%o" the object's.
    std::string compile{};
    bool arm = false;
    bool optimised = false;
    bool clang = false;
  };

  static constexpr const char* prelude =
      "typedef struct _object PyObject; typedef struct _typeobject PyTypeObject; typedef long Py_ssize_t;\n"
      "typedef unsigned long size_t; typedef struct { unsigned char bits; } PyMutex;\n"
      "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
      "extern PyObject _Py_NoneStruct; extern PyObject *PyExc_ValueError; extern PyTypeObject PyList_Type;\n"
      "extern PyObject *PyErr_NewException(const char *, PyObject *, PyObject *); extern PyObject *PyDict_New(void);\n"
      "extern PyObject *PyUnicode_InternFromString(const char *); extern int PyArg_ParseTuple(PyObject *, const char "
      "*, "
      "...);\n"
      "extern int PyType_Ready(PyTypeObject *); extern void PyMutex_Lock(PyMutex *); extern void "
      "PyMutex_Unlock(PyMutex "
      "*);\n"
      "extern int pthread_mutex_lock(void *); extern int pthread_mutex_unlock(void *);\n"
      "extern int PyThread_acquire_lock(void *, int); extern void PyThread_release_lock(void *);\n"
      "extern void *PyCapsule_Import(const char *, int); extern void *PyCapsule_GetPointer(PyObject *, const char *);\n"
      "extern int pthread_once(int *, void (*)(void)); extern void use(void *); extern int decide(int);\n"
      "extern void *memcpy(void *, const void *, size_t); extern void *memset(void *, int, size_t);\n"
      "extern size_t strlen(const char *); extern char *strcpy(char *, const char *); extern void abort(void);\n"
      "#ifdef __cplusplus\n}\n#endif\n"
      // A variable that optimisers leave as it is; a function that stays one.
      "#define KEPT static __attribute__((used))\n"
      "#ifdef __clang__\n#define OWN __attribute__((noinline))\n#else\n"
      "#define OWN __attribute__((noinline, noipa))\n#endif\n";

  CompileMatrix() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isoaudit-code-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  CompileMatrix(const CompileMatrix&) = delete;
  CompileMatrix& operator=(const CompileMatrix&) = delete;
  ~CompileMatrix() { std::filesystem::remove_all(root_); }

  static std::vector<Way> ways(bool cxx = false) {
    std::vector<Way> all;
    const std::string gcc = cxx ? ISOAUDIT_CXX : ISOAUDIT_CC;
    const std::string clang = std::string(ISOAUDIT_LLVM_TOOLS) + (cxx ? "/clang++" : "/clang");
    const std::string rest =
        std::string(cxx ? " -x c++" : " -x c") + " -c -fPIC -w -ffreestanding -fno-builtin %s -o %o ";
    for (const char* level : {"-O0", "-O2", "-O3"}) {
      const bool optimised = std::string(level) != "-O0";
      all.push_back({std::string("gcc ") + level, gcc + rest + level, false, optimised});
      all.push_back({std::string("clang ") + level, clang + rest + level, false, optimised, true});
      // Where Clang finds a cross compiler's libgcc it calls that for atomics: the same code on every machine.
      const std::string arm = clang + " --target=aarch64-linux-gnu -mno-outline-atomics";
      all.push_back({std::string("clang aarch64 ") + level, arm + rest + level, true, optimised, true});
    }
    return all;
  }

  /// As `try_to_read`, for code that can be read.
  model::CodeFacts read(const std::string& source, const Way& way, const std::string& flags = "") const {
    model::CodeFacts facts = try_to_read(source, way, flags);
    EXPECT_TRUE(facts.read) << facts.why_not;
    return facts;
  }

  model::CodeFacts try_to_read(const std::string& source, const Way& way, const std::string& flags = "") const {
    const std::string file = (root_ / "m.c").string(), object = (root_ / "m.o").string();
    const std::string library = (root_ / "m.so").string();
    std::ofstream(file) << prelude << source;
    std::string command = way.compile + " " + flags;
    command.replace(command.find("%s"), 2, file);
    command.replace(command.find("%o"), 2, object);
    run(command);
    run(std::string(ISOAUDIT_LLVM_TOOLS) + "/ld.lld -m " + (way.arm ? "aarch64linux" : "elf_x86_64") +
        " -shared -z now " + object + " -o " + library);
    return analyzer::collect_code(library);
  }

  /// Reads `source` in every way and hands each variable's writes to `check`.
  void each(const std::string& source, const std::function<void(const model::CodeFacts&, const Way&)>& check,
            bool cxx = false, const std::string& flags = "") const {
    for (const Way& way : ways(cxx)) {
      const testing::ScopedTrace trace(__FILE__, __LINE__, way.name);
      check(read(source, way, flags), way);
    }
  }

 private:
  void run(const std::string& command) const {
    const std::string log = (root_ / "log").string();
    if (std::system((command + " >'" + log + "' 2>&1").c_str()) == 0) return;
    std::ifstream stream(log);
    std::stringstream text;
    text << stream.rdbuf();
    ADD_FAILURE() << command << "\n" << text.str();
  }

  std::filesystem::path root_;
};

inline std::vector<model::CodeWrite> writes_of(const model::CodeFacts& facts, const std::string& name) {
  std::vector<model::CodeWrite> found;
  for (const model::CodeWrite& write : facts.writes) {
    if (write.name == name) found.push_back(write);
  }
  return found;
}

}  // namespace isoaudit::tests
