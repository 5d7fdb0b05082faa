#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/code/module_code.h"
#include "model/write_words.h"

namespace isoaudit::analyzer {

/// What GCC and Clang call a part that they put elsewhere: "f.cold", "f.__part.1".
bool is_part_name(std::string_view name);

/// How code gets into a function without being called by another one of the image.
struct EntryIntoFunction {
  std::size_t function = 0;
  model::RunsWhen when = model::RunsWhen::call;
  /// "method `lookup`", "import", "a constructor function".
  std::string how{};
  /// Python or the loader knows the function; a table of unknown purpose may only name it.
  bool certain = true;
};

/// Who calls whom in the code of one image, and whose address is held or handed out. Numbers are those of
/// ModuleCode::functions(). What a function calls includes the ends of others that it jumps to.
class CodeGraph {
 public:
  using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

  explicit CodeGraph(ModuleCode& code);

  /// Notes what function number `index` calls and whose address it takes.
  void note(std::size_t index, const FunctionCode& function);
  /// After all functions were noted: sorts what was found.
  void finish();

  const std::vector<EntryIntoFunction>& entries() const { return entries_; }
  /// Caller, callee.
  const Edges& calls() const { return calls_; }
  /// Who takes an address, whose: it may be called by whoever gets it.
  const Edges& takes() const { return takes_; }
  /// Who asks for a function to be called when the process ends, which.
  const Edges& at_exit() const { return at_exit_; }
  /// Other modules can name it.
  const std::set<std::size_t>& exported() const { return exported_; }
  /// Some bytes are no instructions that are known: calls may be missing.
  bool has_holes() const { return has_holes_; }

 private:
  void enter(std::uint64_t address, model::RunsWhen when, std::string how, bool certain = true);
  void enter_tables();
  bool in_linkers_table(std::uint64_t address) const;
  void enter_hook_slots();
  void note_at_exit(std::size_t index, const FunctionCode& function, std::vector<std::uint32_t>& taken);

  ModuleCode& code_;
  std::vector<const Section*> linkers_tables_{};
  std::vector<EntryIntoFunction> entries_{};
  Edges calls_{}, takes_{}, at_exit_{};
  /// From a function to what its tables of jumps seem to lead to: perhaps parts of it.
  Edges parts_{};
  std::vector<bool> called_;
  std::set<std::size_t> exported_{};
  /// Pages to which AArch64 code forms an address in a way that is not seen, and a function that does.
  std::map<std::uint64_t, std::uint32_t> pages_{};
  bool has_holes_ = false;
};

}  // namespace isoaudit::analyzer
