#include "analyzer/source/reached_makers.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <unordered_set>

#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

class Makers {
 public:
  explicit Makers(SourcePlaces& places) : places_(places) {}

  bool at_once = false;
  /// PyModuleDef_Init, or a function of another unit that gets a definition.
  bool may_define = false;

  void enter(const clang::FunctionDecl* function) {
    const clang::FunctionDecl* body = nullptr;
    if (function == nullptr || !function->hasBody(body) || !places_.in_project(body->getLocation())) return;
    if (!seen_.insert(body->getCanonicalDecl()).second) return;
    if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(body)) {
      for (const clang::CXXCtorInitializer* member : constructor->inits()) walk(member->getInit());
    }
    walk(body->getBody());
  }

 private:
  void walk(const clang::Stmt* statement) {
    if (statement == nullptr) return;
    if (const auto* call = llvm::dyn_cast<clang::CallExpr>(statement)) {
      called(call);
    } else if (const auto* construct = llvm::dyn_cast<clang::CXXConstructExpr>(statement)) {
      enter(construct->getConstructor());
    }
    for (const clang::Stmt* child : statement->children()) walk(child);
  }

  void called(const clang::CallExpr* call) {
    const std::string name = callee_name(call);
    at_once = at_once || name == "PyModule_Create2";
    may_define = may_define || name == "PyModuleDef_Init" || (!name.starts_with("PyModule_") && gets_definition(call));
    enter(call->getDirectCallee());
  }

  /// A definition goes out of sight.
  bool gets_definition(const clang::CallExpr* call) {
    const clang::FunctionDecl* callee = call->getDirectCallee();
    if (callee != nullptr && callee->hasBody()) return false;
    for (const clang::Expr* argument : call->arguments()) {
      clang::QualType type = argument->getType();
      if (type->isPointerType()) type = type->getPointeeType();
      const auto* record = type.getCanonicalType()->getAsRecordDecl();
      if (record != nullptr && record->getName() == "PyModuleDef") return true;
    }
    return false;
  }

  SourcePlaces& places_;
  std::unordered_set<const clang::FunctionDecl*> seen_{};
};

}  // namespace

bool only_makes_modules_at_once(const clang::FunctionDecl* hook, SourcePlaces& places) {
  Makers makers(places);
  makers.enter(hook);
  return makers.at_once && !makers.may_define;
}

}  // namespace isoaudit::analyzer
