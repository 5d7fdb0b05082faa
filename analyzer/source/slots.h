#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Expr.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/source_places.h"
#include "analyzer/source/unit_facts.h"
#include "model/module_definition.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {

/// Uses of the unit's variables by identity().
using UsesByVariable = std::unordered_map<const clang::VarDecl*, VariableUses>;

/// Reads what a module declares from the initialisers of its PyModuleDef and slot arrays, as the target version's
/// headers number the slots.
class SlotReader {
 public:
  SlotReader(const clang::ASTContext& ast, const UsesByVariable& uses, model::PythonVersion version)
      : ast_(ast), uses_(uses), version_(version) {}

  /// `definition` is a PyModuleDef with an initialiser or without one.
  void read_definition(const clang::VarDecl* definition);
  /// `slots` leads to an array of PyModuleDef_Slot or PySlot.
  void read_slots(const clang::Expr* slots);
  void read_state_size(const clang::VarDecl* definition);
  /// After the last read: what was seen, absent slots named as absent.
  model::Declaration finish();
  /// Where the slot stands that decides on interpreters; invalid when there is none.
  clang::SourceLocation deciding_slot() const { return deciding_slot_; }

  void undetermined(const std::string& reason);

 private:
  struct Slot {
    unsigned id = 0;
    unsigned flags = 0;
    const clang::Expr* value = nullptr;
    clang::SourceLocation where{};
  };

  void read_array(const clang::InitListExpr* array, unsigned depth);
  void read_slots(const clang::Expr* slots, unsigned depth);
  void apply(const Slot& slot, unsigned depth, bool is_py_slot);
  std::optional<Slot> read_slot(const clang::InitListExpr* entry) const;
  std::optional<std::int64_t> integer(const clang::Expr* value) const;
  void invalid(const std::string& why);
  /// "demo.c:12" of a store to `variable` that happens at run time; empty when there is none.
  std::string run_time_store(const clang::VarDecl* variable) const;

  const clang::ASTContext& ast_;
  const UsesByVariable& uses_;
  model::PythonVersion version_;
  model::Declaration declaration_{model::MultipleInterpreters::absent, model::GilUse::absent};
  clang::SourceLocation deciding_slot_{};
  bool seen_multiple_ = false;
  bool seen_gil_ = false;
};

/// The initialiser of the variable in this unit, with its members in the order of the struct; null when there is none.
const clang::InitListExpr* initialiser_list(const clang::VarDecl* variable);
/// The variable that `expression` names or points to: `&def`, `slots`, `&slots[0]`.
const clang::VarDecl* pointed_variable(const clang::Expr* expression);

}  // namespace isoaudit::analyzer
