#pragma once

#include <vector>

#include "analyzer/code/function_code.h"

namespace isoaudit::analyzer::tests {

/// A function at address 0 of hand-made instructions for x86-64, each of four bytes.
inline FunctionCode made_function(const std::vector<Instruction>& code) {
  FunctionCode function{.begin = 0, .end = code.size() * 4};
  for (Instruction instruction : code) {
    instruction.address = function.instructions.size() * 4;
    instruction.size = 4;
    note_reach(Machine::x86_64, instruction);
    function.instructions.push_back(instruction);
  }
  function.number();
  return function;
}

}  // namespace isoaudit::analyzer::tests
