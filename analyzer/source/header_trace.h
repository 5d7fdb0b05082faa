#pragma once

#include <clang/AST/Decl.h>
#include <clang/Basic/FileEntry.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/PointerIntPair.h>

#include <cstddef>
#include <cstdint>
#include <vector>

/// What a header that was parsed once asked and said, so that it can be told without another parse whether it would ask
/// and say the same elsewhere.
namespace isoaudit::analyzer {

using Name = const clang::IdentifierInfo*;
/// In C tags have names of their own. Outside of parentheses and bodies a tag means the same type whether it is named
/// there for the first time or not, so only other uses of it count.
using Declared = llvm::PointerIntPair<Name, 1, bool>;

struct TraceEvent {
  enum class Kind : std::uint8_t {
    asks,      ///< which macro `name` is: `macro`, or none
    changes,   ///< `name` is `macro` from here on, or none
    includes,  ///< `file`, whose text is that of `number`
    skips,     ///< `file`, which was read before
    uses,      ///< `name`, which `number` declarations of traced headers stand before
    declares,  ///< `name`, likewise
  };
  Kind kind = Kind::asks;
  bool is_tag = false;
  /// Behind `*`, where a declaration names what it declares, and an expression must not name a type.
  bool after_star = false;
  Name name = nullptr;
  const clang::MacroInfo* macro = nullptr;
  std::size_t number = 0;
  clang::OptionalFileEntryRef file{};
};

/// One reading of a file, its includes apart.
struct TracedText {
  std::vector<TraceEvent> events{};
  /// Records that are complete from here on, though others may name them before.
  std::vector<clang::RecordDecl*> completed{};
  bool entered = false;  ///< by the unit
};

/// The texts of headers in the order in which they were parsed, and which of them a unit has come by.
class HeaderTrace {
 public:
  std::vector<TracedText>& texts() { return texts_; }
  std::size_t begin_text(const clang::FileEntry* file);
  /// Which texts a file has, in the order of reading; none when it was not read.
  const std::vector<std::size_t>& texts_of(const clang::FileEntry* file) const;

  void declares(std::size_t text, const clang::NamedDecl& declaration);
  void uses(std::size_t text, Declared name, bool after_star);
  /// How many declarations of the name have been traced.
  std::size_t count(Declared name) const;

  /// From here on a unit is parsed that has come by none of the texts.
  void begin_unit();
  /// Some text that the unit has not come by declares it, and a use may mean another thing for that.
  bool is_ahead(Declared name, bool after_star) const;
  /// The unit itself has declared it, between traced texts.
  void unit_declares(const clang::NamedDecl& declaration);

  /// The unit comes by the text here. False when it would not read as it was read: then nothing has happened.
  bool replay(std::size_t text, clang::Preprocessor& preprocessor, clang::SourceLocation here);

 private:
  struct Count {
    std::size_t all = 0;
    std::size_t types = 0;  ///< names of types among them
    std::size_t done = 0;
  };
  /// What a replay has changed, in order.
  struct Step {
    Name macro = nullptr;
    const clang::MacroInfo* before = nullptr;
    Count* declared = nullptr;
    TracedText* entered = nullptr;
  };
  bool follow(std::size_t text, clang::Preprocessor& preprocessor, clang::SourceLocation here);
  bool follow(const TraceEvent& event, clang::Preprocessor& preprocessor, clang::SourceLocation here);
  bool follow_include(const TraceEvent& event, clang::Preprocessor& preprocessor, clang::SourceLocation here);
  bool is_in_order(const TraceEvent& event);
  void take_back(std::size_t steps, clang::Preprocessor& preprocessor, clang::SourceLocation here);

  std::vector<TracedText> texts_{};
  llvm::DenseMap<const clang::FileEntry*, std::vector<std::size_t>> by_file_{};
  llvm::DenseMap<Declared, Count> declared_{};
  llvm::DenseSet<Declared> unit_declared_{};
  llvm::DenseSet<Declared> unit_tags_{};  ///< that it names and does not define
  std::vector<Step> steps_{};
};

bool is_same_macro(const clang::MacroInfo* one, const clang::MacroInfo* other, clang::Preprocessor& preprocessor);
/// `macro` null: no macro.
void set_macro(clang::Preprocessor& preprocessor, Name name, const clang::MacroInfo* macro, clang::SourceLocation here);
/// The macro whose definition keeps the file from being read again; null when there is none.
Name guard_of(clang::FileEntryRef file, clang::Preprocessor& preprocessor);
/// It says "#pragma once".
bool is_read_once(clang::FileEntryRef file, clang::Preprocessor& preprocessor);

}  // namespace isoaudit::analyzer
