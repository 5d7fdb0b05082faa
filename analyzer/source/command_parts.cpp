#include "analyzer/source/command_parts.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace isoaudit::analyzer {
namespace {

/// Response files, -U, words for one stage of the compiler, other languages, and headers that are read before all
/// others under the command's own macros.
constexpr const char* special[] = {"@", "-U", "-X", "-Wp,", "-x", "-include", "-imacros", "--"};

std::string definition(llvm::StringRef macro) {
  const std::size_t equal = std::min(macro.find('='), macro.size());
  const llvm::StringRef value = equal == macro.size() ? llvm::StringRef("1") : macro.drop_front(equal + 1);
  return (llvm::Twine("#define ") + macro.take_front(equal) + " " + value.split('\n').first).str();
}

}  // namespace

std::optional<CommandParts> part_command(const CompileCommand& command) {
  CommandParts parts;
  parts.bare = command;
  parts.bare.arguments.clear();
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    llvm::StringRef word = command.arguments[i];
    if (std::ranges::any_of(special, [&](const char* start) { return word.starts_with(start); })) return std::nullopt;
    const bool is_macro = word.consume_front("-D");
    if (!is_macro && !word.consume_front("-I")) {
      parts.bare.arguments.push_back(command.arguments[i]);
      continue;
    }
    if (word.empty() && i + 1 < command.arguments.size()) word = command.arguments[++i];
    if (is_macro) {
      std::string macro = definition(word);
      // Said twice in a row, it is one: builds add what a module's own flags have already.
      if (parts.macros.empty() || parts.macros.back() != macro) parts.macros.push_back(std::move(macro));
    } else {
      parts.folders.push_back(word.str());
    }
  }
  return parts;
}

std::string absolute_path(const CompileCommand& command, const std::string& path) {
  return (std::filesystem::path(command.directory) / path).lexically_normal().string();
}

}  // namespace isoaudit::analyzer
