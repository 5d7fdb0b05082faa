#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>

#include <optional>
#include <vector>

#include "analyzer/source/source_places.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Reads the PyType_Spec variables of a unit: flags, slots, and whether the functions of the slots that own a reference
/// to the type say so in their bodies.
class TypeSpecReader {
 public:
  TypeSpecReader(const clang::ASTContext& ast, SourcePlaces& places) : ast_(ast), places_(places) {}

  /// Nothing when it is no PyType_Spec with an initialiser.
  std::optional<model::TypeSpec> read(const clang::VarDecl* variable);

 private:
  void read_slots(const clang::InitListExpr* slots, model::TypeSpec& spec) const;
  std::optional<std::int64_t> integer(const clang::Expr* value) const;

  const clang::ASTContext& ast_;
  SourcePlaces& places_;
};

}  // namespace isoaudit::analyzer
