#include "analyzer/source/command_parts.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>
#include <filesystem>

namespace isoaudit::analyzer {
namespace {

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
    const bool is_special = word.starts_with("@") || word.starts_with("-U") || word.starts_with("-X") ||
                            word.starts_with("-Wp,") || word.starts_with("--");
    if (is_special) return std::nullopt;
    const bool is_macro = word.consume_front("-D");
    if (!is_macro && !word.consume_front("-I")) {
      parts.bare.arguments.push_back(command.arguments[i]);
      continue;
    }
    if (word.empty() && i + 1 < command.arguments.size()) word = command.arguments[++i];
    if (is_macro) {
      parts.macros.push_back(definition(word));
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
