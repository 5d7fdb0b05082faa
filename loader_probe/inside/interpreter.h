#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader_probe/inside/json.h"
#include "loader_probe/inside/meeting.h"

namespace isoaudit::inside {

/// What the host asked for.
struct Config {
  std::string level{};
  std::string module{};
  std::string path{};
  std::string root{};
  /// Import by file under that name, not by name: for hooks that are not the file's own stem.
  bool by_path = false;
  /// Its packages are there in name only: nothing of their own code runs.
  bool stubs = false;
  unsigned interpreters = 4;
  unsigned rounds = 3;
  /// This version's interpreters leave no blocks by themselves.
  bool count_blocks = false;
  /// Look for what is shared; else only how imports and calls end is told.
  bool evidence = true;
  /// A Python file that uses the module: a script, or a function exercise(module). Empty: none.
  std::string exercise{};
  /// The exercise makes an instance of each type of the module, without arguments.
  bool makes_instances = true;
  /// And imports it once more. Not where writes are compared: who writes at import would write in use as well.
  bool imports_again = false;
  /// Files for pytest, in the levels where interpreters take turns.
  std::vector<std::string> tests{};
  std::vector<std::string> dependencies{};
  std::vector<std::string> preloads{};
};

enum class Kind {
  legacy,         ///< Py_NewInterpreter's own settings
  strict_shared,  ///< shared GIL, extension check
  isolated,       ///< own GIL, own allocator, extension check
  forced,         ///< isolated, then the check is overridden inside
};

/// One interpreter. Its thread state belongs to the thread that made it.
class Interpreter {
 public:
  /// Creates one and leaves it current, with the search path set and refusals watched; empty `error` when it worked.
  /// No thread state may be current. Creation and destruction take one lock for the whole process: CPython's own races
  /// there would be blamed on the module.
  static Interpreter create(Kind kind, const Config& config, std::string& error);
  /// What every interpreter of this process and of its copies will need; one must be current.
  static void compile_helper_ahead();
  /// The main interpreter, whose thread state is current. Before it is prepared nothing of the helper can be called.
  static Interpreter adopt_main();

  std::int64_t id() const { return id_; }
  PyThreadState* thread_state() const { return state_; }
  PyInterpreterState* state() const { return interpreter_; }

  /// Makes it current in this thread; none may be current.
  void enter() { PyEval_RestoreThread(state_); }
  /// Leaves this thread without a current one.
  static void leave() { PyEval_SaveThread(); }

  /// All below need it to be current.

  /// Gives it the helper and the search path; false with `error`.
  bool prepare(const Config& config, std::string& error);
  /// From now on this interpreter waits for others before the audited module's exec functions run.
  void meet_before_exec(const Config& config, Meeting& meeting);
  /// It came to that point.
  bool met() const { return met_; }

  /// Imports the audited module and reports it; true when it is there, `module()` then holds it.
  bool import_audited(const Config& config, unsigned round);
  /// Did the last import fail because the import system refused this very file?
  bool refused() const { return refused_; }
  /// Some compiled module was refused during the last import.
  bool met_refusal() const { return met_refusal_; }
  PyObject* module() const { return module_; }
  /// Uses the module in cheap and safe ways, then as the user's file says.
  void exercise(const Config& config);
  /// Runs the tests of the module's distribution under pytest, where the interpreter has it.
  void run_tests(const Config& config);
  /// Notes how often what the module offers is referred to. From here to the next call nothing may run in it.
  void remember_references();
  /// Reports the counts that are different now: `other` did that step, and nobody ran here.
  void report_moved_references(std::int64_t other, const char* step);
  /// Calls a function of helper/; a new reference, or null with the exception cleared.
  PyObject* call(const char* function, PyObject* arguments_tuple);
  /// Ends it and leaves no current thread state. Not for main.
  void destroy();

 private:
  static PyObject* meet(PyObject* self, PyObject*);
  static PyMethodDef meet_method;
  void identify();

  std::int64_t id_ = -1;
  PyThreadState* state_ = nullptr;
  PyInterpreterState* interpreter_ = nullptr;
  PyObject* helper_ = nullptr;
  PyObject* module_ = nullptr;
  PyObject* references_ = nullptr;
  Meeting* meeting_ = nullptr;
  bool refused_ = false;
  bool met_refusal_ = false;
  bool met_ = false;
};

/// The words by which importlib's own code refuses, rules.md 2.2.
bool is_refusal(const std::string& text);

}  // namespace isoaudit::inside
