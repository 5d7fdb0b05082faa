#include "analyzer/source/include_lines.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/MemoryBuffer.h>

namespace isoaudit::analyzer {
namespace {

/// Larger files are written by programs, whose few includes stand at the beginning.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

/// `int main(int argc` at the beginning of a line, as far as a look without a preprocessor tells.
bool defines_main(llvm::StringRef text) {
  for (std::size_t at = text.find("main"); at != llvm::StringRef::npos; at = text.find("main", at + 4)) {
    if (!text.drop_front(at + 4).ltrim(" \t").starts_with("(")) continue;
    const std::size_t line = text.substr(0, at).rfind('\n') + 1;
    const llvm::StringRef before = text.slice(line, at).trim();
    if (before == "int" || before == "void" || before == "extern \"C\" int") return true;
    // "int" on a line of its own.
    if (before.empty() && at == line && text.substr(0, line).rtrim().ends_with("int")) return true;
  }
  return false;
}

/// How many #if are open around a line.
class Conditions {
 public:
  void follow(llvm::StringRef directive) {
    if (directive.starts_with("if")) {
      ++open_;
      const bool asks =
          directive.contains("HAVE_CONFIG_H") && !directive.starts_with("ifndef") && !directive.contains('!');
      if (asks && configured_ == 0) configured_ = open_;
    }
    const bool parts = directive.starts_with("else") || directive.starts_with("elif") || directive.starts_with("endif");
    if (parts && configured_ == open_) configured_ = 0;
    if (directive.starts_with("endif") && open_ > 0) --open_;
    // #ifndef NAME_H and #define NAME_H at the beginning.
    ++seen_;
    if (seen_ == 1 && directive.consume_front("ifndef")) guard_ = directive.split("/*").first.trim();
    if (seen_ == 2 && directive.consume_front("define") && !guard_.empty() && directive.trim().starts_with(guard_)) {
      around_all_ = 1;
    }
  }
  bool none() const { return open_ <= around_all_; }
  bool configured() const { return configured_ != 0; }

 private:
  unsigned open_ = 0;
  unsigned around_all_ = 0;
  /// Which of the open ones asks for HAVE_CONFIG_H, counted from 1.
  unsigned configured_ = 0;
  unsigned seen_ = 0;
  llvm::StringRef guard_{};
};

/// The directive of a line; nothing else is asked of it. Clang's own scanner wants a whole file that means something,
/// and this process is the one that no file may cost.
void take_include(llvm::StringRef line, Conditions& conditions, std::vector<IncludeLine>& includes) {
  line = line.ltrim(" \t");
  if (!line.consume_front("#")) return;
  line = line.ltrim(" \t");
  conditions.follow(line);
  if (!line.consume_front("include")) return;
  line.consume_front("_next");
  line = line.ltrim(" \t");
  const bool quoted = line.starts_with("\"");
  if (!quoted && !line.starts_with("<")) return;
  const std::size_t end = line.find(quoted ? '"' : '>', 1);
  if (end == llvm::StringRef::npos || end == 1) return;
  includes.push_back({line.slice(1, end).str(), quoted, conditions.none(), conditions.configured()});
}

}  // namespace

IncludeLines read_include_lines(const std::string& path) {
  IncludeLines lines;
  const auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) return lines;
  const llvm::StringRef text = (*buffer)->getBuffer().take_front(most_bytes);
  lines.bytes = (*buffer)->getBufferSize();
  Conditions conditions;
  for (llvm::StringRef rest = text; !rest.empty();) {
    const auto [line, more] = rest.split('\n');
    take_include(line, conditions, lines.includes);
    rest = more;
  }
  lines.has_main = defines_main(text);
  return lines;
}

}  // namespace isoaudit::analyzer
