#include "analyzer/source/beginnings.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/StringSet.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace isoaudit::analyzer {
namespace fs = std::filesystem;
namespace {

using llvm::StringRef;

constexpr const char* python_header = "Python.h";
/// No folder of a command: beside a file.
constexpr const char* nowhere = "\"";
/// Includes that include: no project goes deeper before it comes to Python.h.
constexpr int deepest = 8;
/// Of the folder of Python.h: CPython 3.15 installs 377 headers with 3 MB. What lies behind is not known to be named.
constexpr std::size_t most_bytes = std::size_t{32} << 20;
constexpr std::size_t most_files = 8192;

bool ends_line(char c) { return c == '\n'; }
bool is_word(char c) { return llvm::isAlnum(c) || c == '_'; }

StringRef take_word(StringRef& text) {
  text = text.ltrim();
  const StringRef word = text.take_while(is_word);
  text = text.drop_front(word.size()).ltrim();
  return word;
}

StringRef without_comment(StringRef line) { return line.take_front(std::min(line.find("/*"), line.find("//"))).trim(); }

/// Reserved for the compiler and the C library, whose headers are not read here.
bool is_reserved(StringRef name) {
  return name.size() > 1 && name[0] == '_' && (name[1] == '_' || llvm::isUpper(name[1]));
}

}  // namespace

class Beginnings::Texts {
 public:
  StringRef of(const std::string& path) {
    const auto [known, is_new] = buffers_.try_emplace(path);
    if (is_new) {
      if (auto buffer = llvm::MemoryBuffer::getFile(path, false, false)) known->second = std::move(*buffer);
    }
    return known->second ? known->second->getBuffer() : StringRef();
  }

  bool is_file(const std::string& path) {
    const auto [known, is_new] = is_file_.try_emplace(path, false);
    std::error_code error;
    if (is_new) known->second = fs::is_regular_file(path, error);
    return known->second;
  }

  /// Whether a header in the folder of Python.h, or below, names it.
  bool names(const std::string& python, StringRef word) {
    const std::string folder = fs::path(python).parent_path().string();
    const auto [known, is_new] = words_.try_emplace(folder);
    if (is_new) read_folder(folder, known->second);
    return known->second.contains(word);
  }

  /// The words of one file: not those of comments, nor those in the bodies of macros, which count where a macro is
  /// used.
  const llvm::StringSet<>& words_of(const std::string& path) {
    const auto [known, is_new] = words_.try_emplace(path);
    if (is_new) read_words(of(path), known->second);
    return known->second;
  }

 private:
  void read_folder(const std::string& folder, llvm::StringSet<>& words) {
    std::error_code error;
    std::size_t left = most_bytes;
    std::size_t files = most_files;
    for (fs::recursive_directory_iterator entry(folder, error); !error && entry != fs::recursive_directory_iterator();
         entry.increment(error)) {
      if (--files == 0) return;
      if (entry->path().extension() != ".h" || !is_file(entry->path().string())) continue;
      const StringRef text = of(entry->path().string()).take_front(left);
      left -= text.size();
      read_words(text, words);
    }
  }

  static void read_words(StringRef text, llvm::StringSet<>& words) {
    const auto starts = [](char c) { return is_word(c) || c == '/' || c == '#'; };
    for (text = text.drop_until(starts); !text.empty(); text = text.drop_until(starts)) {
      if (text.consume_front("/*")) {
        text = text.drop_front(std::min(text.find("*/"), text.size()));
      } else if (text.consume_front("//")) {
        text = text.drop_until(ends_line);
      } else if (text.consume_front("#")) {
        if (take_word(text) != "define") continue;
        words.insert(text.take_while(is_word));
        for (bool goes_on = true; goes_on;) {
          StringRef line;
          std::tie(line, text) = text.split('\n');
          goes_on = line.rtrim('\r').ends_with("\\");
        }
      } else if (text.consume_front("/")) {
        continue;
      } else {
        const StringRef word = text.take_while(is_word);
        words.insert(word);
        text = text.drop_front(word.size());
      }
    }
  }

  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> buffers_{};
  llvm::StringMap<bool> is_file_{};
  llvm::StringMap<llvm::StringSet<>> words_{};
};

namespace {

/// Follows one unit's directives. What a condition asks beyond "defined" is taken as not so.
class Follower {
 public:
  Follower(const CommandParts& command, const ProjectFiles& project, Beginnings::Texts& texts)
      : project_(project), texts_(texts) {
    for (const std::string& folder : command.folders) {
      folders_.emplace_back(folder, absolute_path(command.bare, folder));
    }
    folders_.emplace_back("", "/usr/include");
    for (const std::string& line : command.macros) {
      StringRef rest = line;
      rest.consume_front("#define ");
      const StringRef name = take_word(rest);
      macros_.insert(name);
      lines_.emplace_back(name.str(), line);
    }
    told_ = lines_.size();
  }

  std::optional<Beginning> follow(const std::string& unit) {
    beginning_.is_direct = true;
    read(unit, 0);
    if (beginning_.python.empty()) return std::nullopt;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto& [name, line] = lines_[i];
      if (!name.empty() && !counts(name)) continue;
      if (i < told_) {
        beginning_.told += line + '\n';
      } else if (name.empty() || is_found(i)) {
        beginning_.text += line + '\n';
      }
    }
    return std::move(beginning_);
  }

 private:
  bool counts(StringRef name) const { return is_reserved(name) || texts_.names(beginning_.python, name); }

  /// Headers that follow the line find it so: a definition, or the end of one that stood before a header.
  bool is_found(std::size_t at) const {
    const auto is_header = [](const auto& line) { return line.first.empty(); };
    const auto is_same = [&](const auto& line) { return line.first == lines_[at].first; };
    const auto here = lines_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto told = lines_.begin() + static_cast<std::ptrdiff_t>(told_);
    const auto next_header = std::find_if(here, lines_.end(), is_header);
    if (std::find_if(std::next(here), next_header, is_same) != next_header) return false;
    if (StringRef(here->second).starts_with("#define")) return true;
    const auto last_header =
        std::find_if(std::make_reverse_iterator(here), std::make_reverse_iterator(told), is_header).base();
    return std::find_if(lines_.begin(), last_header, is_same) != last_header;
  }

  void read(const std::string& path, int depth) {
    if (depth > deepest || !seen_.insert(path).second) return;
    std::vector<bool> holds;
    StringRef rest = texts_.of(path);
    std::string joined;
    for (std::size_t at = rest.find('#'); at != StringRef::npos; at = rest.find('#')) {
      const StringRef before = rest.take_front(at);
      StringRef line;
      std::tie(line, rest) = rest.drop_front(at + 1).split('\n');
      if (!before.drop_front(before.rfind('\n') + 1).trim().empty()) continue;
      line = line.trim();
      if (line.ends_with("\\")) {  // macros of several lines are kept as they are
        joined = line.str();
        while (StringRef(joined).ends_with("\\") && !rest.empty()) {
          std::tie(line, rest) = rest.split('\n');
          joined.back() = ' ';
          joined += line.trim();
        }
        line = joined;
      }
      directive(without_comment(line), path, depth, holds);
    }
  }

  void directive(StringRef line, const std::string& path, int depth, std::vector<bool>& holds) {
    const StringRef word = take_word(line);
    const std::string asked = std::exchange(asked_, {});
    if (word.starts_with("if")) {
      if (word == "ifndef") asked_ = line.take_while(is_word).str();
      holds.push_back(condition(word, line));
    } else if (word == "else" && !holds.empty()) {
      holds.back() = !holds.back();
    } else if (word.starts_with("elif") && !holds.empty()) {
      holds.back() = false;
    } else if (word == "endif" && !holds.empty()) {
      holds.pop_back();
    }
    if (std::ranges::find(holds, false) != holds.end()) return;
    if (word == "define" || word == "undef") {
      const std::string text = ("#" + word + " " + line).str();
      const StringRef name = take_word(line);
      if (word == "define") {
        macros_.insert(name);
      } else {
        macros_.erase(name);
      }
      const bool is_guard = depth != 0 && !asked.empty() && name == asked && line.empty();
      if (!beginning_.python.empty()) {
        own_.push_back(name.str());
      } else if (!is_guard) {
        lines_.emplace_back(name.str(), text);
      }
    } else if (word == "include" && line.size() > 2) {
      include(line, path, depth);
    }
  }

  void include(StringRef line, const std::string& path, int depth) {
    const bool is_quoted = line.front() == '"';
    const StringRef name = line.drop_front().take_until([&](char c) { return c == (is_quoted ? '"' : '>'); });
    const StringRef text = line.take_front(name.size() + 2);
    const auto [folder, found] = find(path, name, is_quoted);
    if (found.empty()) return;
    if (project_.contains(project_.canonical(found))) {
      if (beginning_.python.empty()) beginning_.is_direct = false;
      read(found, depth + 1);
      return;
    }
    std::pair<std::string, std::string> include{("#include " + text).str(), folder};
    if (!beginning_.python.empty()) {
      if (!reads_own(found) && std::ranges::find(beginning_.behind, include) == beginning_.behind.end()) {
        beginning_.behind.push_back(std::move(include));
      }
      return;
    }
    if (name == python_header) {
      beginning_.python = found;
      for (const auto& [macro, define] : lines_) {
        if (!macro.empty() && !counts(macro)) own_.push_back(macro);
      }
    } else {
      lines_.emplace_back("", std::move(include.first));
    }
  }

  /// Whether the header says another thing to this unit than to others.
  bool reads_own(const std::string& header) {
    if (own_.empty()) return false;
    const llvm::StringSet<>& words = texts_.words_of(header);
    return std::ranges::any_of(own_, [&](const std::string& macro) { return words.contains(macro); });
  }

  /// The folder as the command calls it, and the file.
  std::pair<std::string, std::string> find(const std::string& includer, StringRef name, bool is_quoted) {
    if (is_quoted) {
      std::string beside = (fs::path(includer).parent_path() / name.str()).lexically_normal().string();
      if (texts_.is_file(beside)) return {nowhere, beside};
    }
    for (const auto& [folder, path] : folders_) {
      std::string file = (fs::path(path) / name.str()).lexically_normal().string();
      if (texts_.is_file(file)) return {folder, file};
    }
    return {};
  }

  /// defined(A) && !defined(B)
  bool condition(StringRef word, StringRef text) const {
    if (word == "ifdef") return macros_.contains(take_word(text));
    if (word == "ifndef") return !macros_.contains(take_word(text));
    while (!text.empty()) {
      const bool is_not = text.consume_front("!");
      if (take_word(text) != "defined") return false;
      text.consume_front("(");
      if (macros_.contains(take_word(text)) == is_not) return false;
      text.consume_front(")");
      text = text.ltrim();
      if (!text.empty() && !text.consume_front("&&")) return false;
      text = text.ltrim();
    }
    return true;
  }

  const ProjectFiles& project_;
  Beginnings::Texts& texts_;
  /// As the command calls them, and where they are.
  std::vector<std::pair<std::string, std::string>> folders_{};
  llvm::StringSet<> macros_{};
  llvm::StringSet<> seen_{};
  /// By the macro's name; none for an #include. First those of the command.
  std::vector<std::pair<std::string, std::string>> lines_{};
  std::size_t told_ = 0;
  /// Macros that those who share a parse of Python.h need not have.
  std::vector<std::string> own_{};
  std::string asked_{};  ///< by an #ifndef in the line before
  Beginning beginning_{};
};

}  // namespace

Beginnings::Beginnings(const ProjectFiles& project) : texts_(std::make_unique<Texts>()), project_(project) {}
Beginnings::~Beginnings() = default;

std::optional<Beginning> Beginnings::of(const CommandParts& command) {
  return Follower(command, project_, *texts_).follow(command.bare.file);
}

}  // namespace isoaudit::analyzer
