#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/AST/Mangle.h>

#include <memory>
#include <optional>
#include <string>

#include "analyzer/source/python_types.h"
#include "analyzer/source/source_places.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Describes the definitions with static storage of one unit.
class Storage {
 public:
  Storage(clang::ASTContext& ast, SourcePlaces& places, PythonTypes& types)
      : ast_(ast), places_(places), types_(types), mangler_(ast.createMangleContext()) {}

  /// The variable, when `declaration` is its definition in this unit (a C tentative definition counts when no other
  /// follows; `extern` without initialiser does not). Uses and unit are left to the caller.
  std::optional<model::Variable> describe(const clang::VarDecl* declaration, const clang::FunctionDecl* function);
  /// A compound literal at file scope: an object with static storage and no name; `owner` is the variable whose
  /// initialiser it stands in.
  model::Variable describe(const clang::CompoundLiteralExpr* literal, const std::string& owner);
  /// What the object file calls a function or variable; empty inside templates, which have no object of their own.
  std::string linkage_name(const clang::NamedDecl* declaration);

 private:
  void describe_type(model::Variable& variable, clang::QualType type);
  /// The first static Python object of the project whose address stands in `initialiser`; empty when none does.
  std::string static_object_in(const clang::Expr* initialiser);

  clang::ASTContext& ast_;
  SourcePlaces& places_;
  PythonTypes& types_;
  std::unique_ptr<clang::MangleContext> mangler_;
};

/// One object for all redeclarations and instantiations: what uses are collected under.
const clang::VarDecl* identity(const clang::VarDecl* variable);

}  // namespace isoaudit::analyzer
