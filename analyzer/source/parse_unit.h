#pragma once

#include <clang/Basic/SourceManager.h>
#include <clang/Frontend/CompilerInvocation.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/project_files.h"
#include "analyzer/source/recorded_files.h"
#include "analyzer/source/unit_action.h"
#include "analyzer/source/unit_facts.h"
#include "analyzer/source/users_names.h"

namespace isoaudit::analyzer {

/// CPU time of one process, and its memory: by default far beyond what any unit takes that Clang is not lost in.
struct ParseLimits {
  unsigned seconds = 600;
  std::size_t memory = std::size_t{4} << 30;
};

struct ParseOptions {
  /// Clang's own headers.
  std::string resource_dir{};
  /// Headers for commands that lead to no Python.h; may be empty.
  std::string python_include{};
  /// And for those that lead to another installed Python's.
  bool only_that_python = false;
  UsersNames names{};
  ParseLimits limits{};
};

/// Once in a process, before any parse.
void prepare_clang();

/// Clang's view of a command; null with `failure` when there is none.
std::shared_ptr<clang::CompilerInvocation> invocation_of(const CompileCommand& command, const ParseOptions& options,
                                                         const llvm::IntrusiveRefCntPtr<RecordedFiles>& files,
                                                         std::string& failure);

/// Runs `action` on the invocation's input, which `provide` may bring when it is no real file; it may be empty.
void run_action(std::shared_ptr<clang::CompilerInvocation> invocation,
                const llvm::IntrusiveRefCntPtr<RecordedFiles>& files, FirstError& errors, FactAction& action,
                const std::function<void(clang::SourceManager&)>& provide = {});

/// Parses one unit and brings its facts; what it asked of the file system stands in `files` afterwards. What is wrong
/// with the unit becomes a gap, and what could be seen is kept. A crash of Clang is the process's: parse_units has one
/// for each unit.
UnitFacts parse_unit(const CompileCommand& command, const ProjectFiles& project, const ParseOptions& options,
                     const llvm::IntrusiveRefCntPtr<RecordedFiles>& files);

}  // namespace isoaudit::analyzer
