#pragma once

#include <llvm/Support/VirtualFileSystem.h>

#include <string>

namespace isoaudit::analyzer {

/// An installed Python's folder of headers: Python.h beside pyconfig.h. In CPython's own tree they lie apart, and there
/// the headers belong to the sources.
bool is_installed_python(const std::string& folder, llvm::vfs::FileSystem& files);

/// Of one version and one kind (debug, free-threaded): to a unit the headers of both say the same.
bool are_alike(const std::string& folder, const std::string& other, llvm::vfs::FileSystem& files);

}  // namespace isoaudit::analyzer
