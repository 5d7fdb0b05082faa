#pragma once

#include <llvm/Support/VirtualFileSystem.h>

#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"

namespace isoaudit::analyzer {

/// The arguments with which Clang parses what `command` compiles: response files read, outputs, dependency files,
/// warnings, plugins and what only GCC knows left out, other inputs too; C++ when the compiler was called as C++.
/// `files` has the command's directory as its working folder.
std::vector<std::string> clang_arguments(const CompileCommand& command, const std::string& resource_dir,
                                         llvm::vfs::FileSystem& files);

}  // namespace isoaudit::analyzer
