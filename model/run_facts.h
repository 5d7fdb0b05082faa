#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What happened when a module was loaded, each level in a child process of its own.
namespace isoaudit::model {

/// In the order in which they run.
enum class Level {
  main,
  legacy,         ///< sub-interpreter, shared GIL, no extension check
  strict_shared,  ///< sub-interpreter, shared GIL, extension check
  isolated,       ///< own GIL, once
  sequential,     ///< own GIL, two one after the other, the first destroyed before the second
  concurrent,     ///< own GIL, N at once, R rounds
  warm,           ///< own GIL, once, after main has imported it
  debug_memory,   ///< own GIL, two, under PYTHONMALLOC=debug: extra evidence, not run for a verdict of its own
  debug_build,    ///< the same under the debug build of the same version, where there is one
  forced,         ///< own GIL with the import check overridden: what would break
};

enum class Outcome {
  ok,
  refused,  ///< the interpreter's own "does not support loading in subinterpreters"
  error,    ///< another Python exception
  crashed,  ///< ended by a signal
  timed_out,
  exited,  ///< the child ended by itself before it was done
  skipped,
  not_possible,  ///< the level could not be started: that is a gap, not a fault of the module
};

/// Where an instruction that wrote to the module's memory stands.
struct WritingFunction {
  /// Demangled; empty when the file names no function there.
  std::string function{};
  /// From debug information: file name and line; empty and 0 without.
  std::string file{};
  unsigned line = 0;
  /// As the module's file has it.
  std::uint64_t address = 0;
  /// The function outside the module that it called and that wrote ("memset"), or that one's file; empty for its own.
  std::string through{};

  auto operator<=>(const WritingFunction&) const = default;
};

/// An object that the module's own memory holds or is, seen in a live process.
struct SharedObject {
  enum class Kind {
    holds,      ///< a word in a writable segment is the address of a mortal object
    is_static,  ///< an object of an interpreter lies inside the segment
    block,      ///< a word is the address of a block of an interpreter's own allocator that is no object
    leads_to,   ///< a word is the address of a table that leads to objects of some interpreters and not of others
    common      ///< two interpreters have the object, wherever it lies; `symbol` is its name in the module, if any
  } kind = Kind::holds;
  /// Where it is: symbol when the file names it (demangled; "cache.0" for a static local of C), and always section and
  /// offset.
  std::string symbol{};
  std::string section{};
  std::uint64_t offset = 0;
  /// The symbol as the linker knows it, and how far behind its begin the word is (an element, a member).
  std::string linkage_name{};
  std::uint64_t symbol_offset = 0;
  /// File name of the private shared library whose memory it is; empty for the module's own file.
  std::string library{};
  /// tp_name of the object's type.
  std::string type_name{};
  /// Type and name only, never contents: "type 'demo.Error'".
  std::string description{};
  /// The object is itself a type, an exception class, a module ...
  bool is_type = false;
  bool is_exception = false;
  bool is_module = false;
  /// Interpreter ids that own it; more than one when several saw the same object.
  std::vector<std::int64_t> owners{};
  /// What the place held before a later interpreter put this object there: "dict of interpreter 1"; empty when nothing.
  std::string replaced{};
  /// Who stored it, where writes were tracked.
  std::vector<WritingFunction> by{};

  auto operator<=>(const SharedObject&) const = default;
};

/// A word of the module's writable memory that changed between two looks.
/// All words of one symbol that one kind of step changed are one entry.
struct ChangedWord {
  std::string symbol{};
  std::string section{};
  std::uint64_t offset = 0;
  std::string linkage_name{};
  std::string library{};
  unsigned words = 1;
  /// A later interpreter left another value than the one before it: the last importer wins.
  bool overwritten = false;
  /// When the interpreters had ended it held again what it held before the first: a count of users, say. That alone
  /// does not tell whether a lock guards it.
  bool balanced = false;
  /// Interpreter ids that wrote it, and during which step ("import", "exercise").
  std::vector<std::int64_t> writers{};
  std::string step{};
  /// Who wrote it, where writes were tracked.
  std::vector<WritingFunction> by{};
  /// Interpreter ids whose writes left nothing to compare, so that only tracking saw them: they wrote the value that
  /// was there, or took back what they wrote.
  std::vector<std::int64_t> silent_writers{};
  /// The module's own code, without an atomic instruction, wrote another value and took it back within the step.
  bool transient = false;

  auto operator<=>(const ChangedWord&) const = default;
};

/// What each interpreter that had the module left behind in the process when it ended, in every one of several rounds.
struct Leak {
  enum class Kind {
    type,     ///< a heap type of the module, by its name
    blocks,   ///< of Python's allocator, beyond what an interpreter without the module leaves
    threads,  ///< that still run
    descriptors,
    mappings  ///< of memory, where no block is left that would hold one
  } kind = Kind::type;
  std::string name{};
  /// The least of the rounds.
  std::int64_t each = 1;
  unsigned rounds = 0;

  auto operator<=>(const Leak&) const = default;
};

/// What an interpreter changed of the state that the whole process shares.
struct ProcessChange {
  enum class Kind { folder, umask, locale, environment, handler, timer, stream, limits } kind = Kind::folder;
  /// "the handler of SIGINT".
  std::string what{};
  /// During which step, by which interpreter.
  std::string step{};
  std::int64_t interpreter = 0;

  auto operator<=>(const ProcessChange&) const = default;
};

/// A thread that ran no interpreter asked for one and got the main interpreter, which does not have the module.
struct ForeignThread {
  /// The function of CPython that it asked: "PyGILState_Ensure".
  std::string asked{};
  /// Who called that.
  WritingFunction by{};
  std::string step{};

  auto operator<=>(const ForeignThread&) const = default;
};

/// A test of the module's distribution.
struct FailedTest {
  /// As pytest names it: "tests/test_spam.py::test_eggs".
  std::string name{};
  /// What it said, one line.
  std::string text{};

  auto operator<=>(const FailedTest&) const = default;
};

struct StepTime {
  std::string step{};
  double seconds = 0;

  auto operator<=>(const StepTime&) const = default;
};

struct Phase {
  Level level = Level::main;
  Outcome outcome = Outcome::skipped;
  /// One sentence: the exception's text, the signal's name, what was skipped and why.
  std::string detail{};
  /// The name in the refusal or ImportError, when it is not the audited module's own.
  std::string other_module{};
  /// Wall clock; left out of everything that is compared.
  double seconds = 0;
  /// What ran: interpreters at once, rounds of them, and imports that were completed over all of both.
  unsigned interpreters = 0;
  unsigned rounds = 0;
  unsigned imports = 0;
  /// Uses of what the module offers, over all interpreters and rounds; the user's own exercise file is none of them.
  unsigned uses = 0;
  /// Several interpreters ran at the same moment in it: how it ended may be luck, and another run may end otherwise.
  bool at_once = false;
  /// What no level before it has shown already: one that meets by chance says nothing that a quiet one has not said.
  std::vector<SharedObject> shared{};
  /// Seen one step behind a global (Kind::leads_to): no proof that anybody but its owner uses it.
  std::vector<SharedObject> behind{};
  std::vector<ChangedWord> changed{};
  std::vector<Leak> leaks{};
  /// What it changed of the process, the first to do so. Only of levels where interpreters run in turn.
  std::vector<ProcessChange> process{};
  /// Only of levels where main does not have the module.
  std::vector<ForeignThread> foreign_threads{};
  /// Objects of an interpreter that rested whose count of references moved while another one ran: "`demo.Error` of
  /// interpreter 1: 5 references before, 6 after exercise in interpreter 2".
  std::vector<std::string> disturbed{};
  /// Tests of the distribution that failed here and not in main, with what they said. They may expect what isolated
  /// interpreters do not have: no proof that anything is shared.
  std::vector<FailedTest> failed_tests{};
  /// Where the time went, over all interpreters; at once they count side by side. Left out of what is compared.
  std::vector<StepTime> times{};
  /// Of one that crashed: the native stack, innermost first: "`set_up` (spam.c:12)".
  std::vector<std::string> stack{};
  /// Last lines of what the module itself printed, capped.
  std::string output{};
  /// Types of the exception that ended it and of what caused that, outermost first: "ImportError", "pkg.Error".
  std::vector<std::string> exceptions{};

  auto operator<=>(const Phase&) const = default;
};

/// All levels of one module under one interpreter.
struct RunFacts {
  std::string module{};
  std::string path{};
  /// Interpreter::id of the column: "3.14".
  std::string python{};
  std::vector<Phase> phases{};
  /// Imported modules that were themselves probed and refused.
  std::vector<std::string> refused_dependencies{};
  /// Levels that went well as told, and not so in another run: with the code of the module's packages, or before
  /// evidence was looked for. "isolated-concurrent, with its package: KeyError: 'int4'".
  std::vector<std::string> also_failed{};

  auto operator<=>(const RunFacts&) const = default;
};

const char* to_string(Level level);
const char* to_string(Outcome outcome);
const char* to_string(Leak::Kind kind);
const Phase* find_phase(const RunFacts& run, Level level);

/// It ended on its own, without saying what it had to say: a crash, an endless step, an exit.
bool ended_badly(const Phase& phase);

/// An exception of that very type ended the phase or caused what did.
bool raised(const Phase& phase, std::string_view type);

}  // namespace isoaudit::model
