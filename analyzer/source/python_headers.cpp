#include "analyzer/source/python_headers.h"

#include <llvm/Support/MemoryBuffer.h>

#include <array>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

/// What the last `#define name ...` of the text says; empty when there is none.
llvm::StringRef defined_as(llvm::StringRef text, llvm::StringRef name) {
  llvm::StringRef value;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    line = line.trim();
    if (!line.consume_front("#")) continue;
    line = line.ltrim();
    if (!line.consume_front("define")) continue;
    line = line.ltrim();
    if (line.consume_front(name) && (line.empty() || line.front() == ' ' || line.front() == '\t')) value = line.trim();
  }
  return value;
}

/// Include/patchlevel.h has the version, pyconfig.h the kind of build.
struct Kind {
  std::array<std::string, 4> words{};
  bool operator==(const Kind&) const = default;
};

Kind kind_of(const std::string& folder, llvm::vfs::FileSystem& files) {
  Kind kind;
  std::size_t at = 0;
  const auto read = [&](const char* file, std::initializer_list<const char*> names) {
    const auto buffer = files.getBufferForFile(folder + "/" + file);
    for (const char* name : names) kind.words[at++] = buffer ? defined_as((*buffer)->getBuffer(), name).str() : "";
  };
  read("patchlevel.h", {"PY_MAJOR_VERSION", "PY_MINOR_VERSION"});
  read("pyconfig.h", {"Py_DEBUG", "Py_GIL_DISABLED"});
  return kind;
}

}  // namespace

bool is_installed_python(const std::string& folder, llvm::vfs::FileSystem& files) {
  return files.exists(folder + "/Python.h") && files.exists(folder + "/pyconfig.h");
}

bool are_alike(const std::string& folder, const std::string& other, llvm::vfs::FileSystem& files) {
  return kind_of(folder, files) == kind_of(other, files);
}

}  // namespace isoaudit::analyzer
