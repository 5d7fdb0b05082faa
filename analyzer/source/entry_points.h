#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/Lex/Preprocessor.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/slots.h"
#include "analyzer/source/source_places.h"
#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Follows what a module hook returns to the call that makes the module, and reads what the module declares.
class EntryPointReader {
 public:
  EntryPointReader(const clang::ASTContext& ast, clang::Preprocessor& preprocessor, SourcePlaces& places,
                   const UsesByVariable& uses)
      : ast_(ast), preprocessor_(preprocessor), places_(places), uses_(uses), version_(python_version()) {}

  /// `hook` is a definition that model::parse_hook knows.
  model::SourceEntryPoint read(const clang::FunctionDecl* hook);

 private:
  /// Where the returned object comes from.
  struct Origin {
    model::Init init = model::Init::undetermined;
    const clang::VarDecl* definition = nullptr;  ///< the PyModuleDef
    const clang::Expr* slots = nullptr;          ///< the PySlot array
    std::string why{};
  };
  /// Parameters of a helper and what its caller passed.
  using Bindings = std::unordered_map<const clang::VarDecl*, const clang::Expr*>;
  struct Scope {
    const clang::FunctionDecl* function = nullptr;
    Bindings bindings{};
    unsigned depth = 0;
  };

  model::PythonVersion python_version() const;
  std::optional<std::int64_t> macro_value(llvm::StringRef name) const;
  Origin trace_function(const Scope& scope, bool is_export);
  Origin trace_value(const clang::Expr* value, const Scope& scope, bool is_export, unsigned hops);
  Origin trace_call(const clang::CallExpr* call, const Scope& scope, bool is_export, unsigned hops);
  const clang::VarDecl* definition_of(const clang::Expr* argument, const Scope& scope, unsigned hops) const;
  std::optional<model::Declaration> framework_macro(const clang::FunctionDecl* hook,
                                                    model::SourceEntryPoint& found) const;

  const clang::ASTContext& ast_;
  clang::Preprocessor& preprocessor_;
  SourcePlaces& places_;
  const UsesByVariable& uses_;
  model::PythonVersion version_;
};

}  // namespace isoaudit::analyzer
