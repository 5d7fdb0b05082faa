#include "analyzer/source/command_line.h"

#include <clang/Driver/Options.h>
#include <clang/Driver/ToolChain.h>
#include <clang/Driver/Types.h>
#include <llvm/Option/ArgList.h>
#include <llvm/Option/OptTable.h>
#include <llvm/Support/Allocator.h>
#include <llvm/Support/CommandLine.h>

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

namespace options = clang::driver::options;

/// Options that name outputs, choose what to do, warn, load code or link: none of them changes what the source means.
bool is_dropped(const llvm::opt::Arg& argument) {
  const llvm::opt::Option& option = argument.getOption();
  if (option.getKind() == llvm::opt::Option::UnknownClass) return true;
  if (option.getKind() == llvm::opt::Option::InputClass) return true;
  // GCC's name for what Clang calls aapcs.
  if (option.matches(options::OPT_mabi_EQ) && llvm::StringRef(argument.getValue()) == "lp64") return true;
  // Sun's -xc99 is `-x c99` here.
  if (option.matches(options::OPT_x)) {
    return clang::driver::types::lookupTypeForTypeSpecifier(argument.getValue()) == clang::driver::types::TY_INVALID;
  }
  // Groups: -c -S -E, dependency files, warnings, linker, debug information.
  constexpr unsigned groups[] = {options::OPT_Action_Group, options::OPT_M_Group, options::OPT_W_Group,
                                 options::OPT_Link_Group,   options::OPT_g_Group, options::OPT_R_Group};
  if (std::ranges::any_of(groups, [&](unsigned group) { return option.matches(group); })) return true;
  constexpr unsigned single[] = {options::OPT_o,
                                 options::OPT_MJ,
                                 options::OPT_save_temps_EQ,
                                 options::OPT_save_temps,
                                 options::OPT_fplugin_EQ,
                                 options::OPT_fpass_plugin_EQ,
                                 options::OPT_Xclang,
                                 options::OPT_mllvm,
                                 options::OPT_Xlinker,
                                 options::OPT_Wl_COMMA,
                                 options::OPT_Wa_COMMA,
                                 options::OPT_Xassembler,
                                 options::OPT_flto,
                                 options::OPT_flto_EQ,
                                 options::OPT_resource_dir,
                                 options::OPT_resource_dir_EQ,
                                 options::OPT_fsanitize_EQ,
                                 options::OPT_specs,
                                 options::OPT_specs_EQ,
                                 options::OPT_working_directory,
                                 options::OPT__serialize_diags,
                                 options::OPT_fprofile_use,
                                 options::OPT_fprofile_use_EQ,
                                 options::OPT_fprofile_instr_use_EQ,
                                 options::OPT_pipe,
                                 options::OPT_v,
                                 options::OPT__HASH_HASH_HASH,
                                 options::OPT_help,
                                 options::OPT__version,
                                 options::OPT_fdiagnostics_color_EQ,
                                 options::OPT_fcolor_diagnostics,
                                 options::OPT_B,
                                 options::OPT_gcc_toolchain};
  return std::ranges::any_of(single, [&](unsigned id) { return option.matches(id); });
}

llvm::SmallVector<const char*, 64> expand_response_files(const CompileCommand& command, llvm::BumpPtrAllocator& memory,
                                                         llvm::vfs::FileSystem& files) {
  llvm::SmallVector<const char*, 64> words;
  for (const std::string& word : command.arguments) words.push_back(word.c_str());
  llvm::cl::ExpansionContext expansion(memory, llvm::cl::TokenizeGNUCommandLine);
  expansion.setVFS(&files).setCurrentDir(command.directory);
  // A response file that cannot be read stays as the word it is, and is then dropped as an input.
  llvm::consumeError(expansion.expandResponseFiles(words));
  return words;
}

}  // namespace

std::vector<std::string> clang_arguments(const CompileCommand& command, const std::string& resource_dir,
                                         llvm::vfs::FileSystem& files) {
  llvm::BumpPtrAllocator memory;
  const llvm::SmallVector<const char*, 64> words = expand_response_files(command, memory, files);
  std::vector<std::string> arguments{words.front()};
  // "g++" and "clang++" take x.c for C++; "aarch64-linux-gnu-gcc" names its target.
  const auto program = clang::driver::ToolChain::getTargetAndModeFromProgramName(words.front());
  if (program.DriverMode != nullptr) arguments.emplace_back(program.DriverMode);
  if (!program.TargetPrefix.empty() && program.TargetIsValid) arguments.push_back("--target=" + program.TargetPrefix);
  arguments.push_back("-resource-dir=" + resource_dir);

  unsigned missing_index = 0;
  unsigned missing_count = 0;
  const llvm::opt::InputArgList parsed = clang::driver::getDriverOptTable().ParseArgs(
      llvm::ArrayRef(words).drop_front(), missing_index, missing_count, llvm::opt::Visibility(options::ClangOption));
  for (const llvm::opt::Arg* argument : parsed) {
    if (is_dropped(*argument)) continue;
    llvm::opt::ArgStringList rendered;
    argument->render(parsed, rendered);
    arguments.insert(arguments.end(), rendered.begin(), rendered.end());
  }
  // GCC 12 to 14 warn where Clang refuses; code that its own compiler accepts is no broken unit.
  for (const char* word :
       {"-w", "-Wno-error=implicit-function-declaration", "-Wno-error=implicit-int", "-Wno-error=int-conversion",
        "-Wno-error=incompatible-function-pointer-types", "-Wno-error=return-type", "-Wno-error=return-mismatch",
        "-Wno-error=c++11-narrowing", "-Wno-error=register", "-Wno-error=enum-constexpr-conversion",
        "-fno-color-diagnostics", "-fsyntax-only", "--"}) {
    arguments.emplace_back(word);
  }
  arguments.push_back(command.file);
  return arguments;
}

}  // namespace isoaudit::analyzer
