#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analyzer/code/code_graph.h"
#include "analyzer/code/module_code.h"

namespace isoaudit::analyzer {

/// Functions of an image that run once for the process, while others wait: `pthread_once` and its like get them
/// together with a flag, std::call_once hands them over in thread-local memory of the C++ library.
class OnceFunctions {
 public:
  explicit OnceFunctions(ModuleCode& code);

  /// Notes what function number `index` hands over.
  void note(std::size_t index, const FunctionCode& function);
  /// After all functions were noted and `graph` is complete: who runs under one flag alone, whatever leads to it, and
  /// the function that sees to it ("pthread_once"). Those that nobody but such a function calls are among them.
  std::map<std::uint32_t, std::string> find(const CodeGraph& graph) const;

 private:
  /// A function that was handed over.
  struct Handed {
    std::set<std::uint64_t> flags{};
    std::set<std::uint32_t> givers{};
    std::string by{};
    /// Somebody gets it with a flag that is not known, or without one.
    bool otherwise = false;
  };
  struct Seen;

  void look(const State& state, const Instruction& instruction, Seen& seen);
  void look_at_call(const State& state, const Instruction& instruction, Seen& seen);
  std::ptrdiff_t function_of(const Value& value) const;
  void hand(std::uint32_t function, std::uint32_t giver, const std::set<std::uint64_t>& flags, const std::string& by);

  ModuleCode& code_;
  /// The file asks for none of them.
  bool idle_ = false;
  std::map<std::uint32_t, Handed> handed_{};
};

}  // namespace isoaudit::analyzer
