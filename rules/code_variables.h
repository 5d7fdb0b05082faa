#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/binary_facts.h"
#include "rules/variables.h"

namespace isoaudit::rules {

/// One variable of a compiled module, as its machine code treats it: all stores to it, and what they make of it.
struct CodeVariable {
  /// As the linker knows it; empty in stripped files.
  std::string symbol{};
  /// As people write it; the name of a static type in a stripped file; else empty.
  std::string name{};
  std::string section{};
  std::uint64_t offset = 0;
  /// Bytes; of a nameless variable those that its stores touch; 0 when not known.
  std::uint64_t size = 0;
  /// No object fits into it: the file says that it has fewer bytes than a pointer.
  bool too_small = false;
  /// Somewhere in thread-local memory: `offset` says nothing.
  bool somewhere = false;
  VariableKind kind = VariableKind::plain;
  /// What is stored says so, or the debug information does; else the kind is what is left.
  bool sure = false;
  /// Why its writes do no harm; empty when they may.
  std::string explained{};
  /// The most telling first. They point into the facts.
  std::vector<const model::CodeWrite*> writes{};
  /// Functions that load some of it. Set by count_readers.
  std::size_t readers = 0;
  /// Its declaration in the debug information; null when there is none.
  const model::StaticObject* declared = nullptr;

  /// ".bss+0x40"; ".tbss" where nothing tells the place.
  std::string address() const { return somewhere ? section : address_text("", section, offset); }
};

/// The variables that the machine code of a module writes, by place. The facts must outlive the answer.
std::vector<CodeVariable> code_variables(const model::BinaryFacts& binary);

/// Every write is one atomic instruction or made under a lock. What is stored may still be an object, which no lock
/// helps.
bool is_guarded(const CodeVariable& variable);

void count_readers(const model::BinaryFacts& binary, std::vector<CodeVariable>& variables);

/// The generator or framework whose own static it is; empty when people wrote it.
std::string generator_of(const CodeVariable& variable, const model::BinaryFacts& binary);

/// "stores the result of PyDict_New() to `cache`": what one store does, for people.
std::string write_words(const model::CodeWrite& write, const std::string& variable);

/// "result of PyDict_New()", "0x1", "old value, changed": what is stored, in a table's column.
std::string value_words(const model::CodeWrite& write);

}  // namespace isoaudit::rules
