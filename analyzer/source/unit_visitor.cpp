#include "analyzer/source/unit_visitor.h"

#include <clang/AST/RecursiveASTVisitor.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "analyzer/source/api_uses.h"
#include "analyzer/source/calls.h"
#include "analyzer/source/entry_points.h"
#include "analyzer/source/guards.h"
#include "analyzer/source/handed_callbacks.h"
#include "analyzer/source/python_types.h"
#include "analyzer/source/shared_lock.h"
#include "analyzer/source/storage.h"
#include "analyzer/source/type_specs.h"
#include "analyzer/source/uses.h"
#include "analyzer/tables/locks.h"

namespace isoaudit::analyzer {
namespace {

class UnitVisitor : public clang::RecursiveASTVisitor<UnitVisitor> {
  using Base = clang::RecursiveASTVisitor<UnitVisitor>;

 public:
  UnitVisitor(clang::ASTContext& ast, SourcePlaces& places, const UsersNames& names)
      : ast_(ast),
        places_(places),
        types_(ast, names.wrapper_classes),
        storage_(ast, places, types_),
        ids_(storage_),
        uses_(ast, places, ids_, main_guard_),
        calls_(ast, ids_, main_guard_),
        api_(places, names, main_guard_),
        type_specs_(ast, places) {}

  // Types hold no uses: what stands in sizeof, typeof and decltype is never evaluated.
  bool TraverseTypeLoc(clang::TypeLoc /*location*/) { return true; }

  bool TraverseDecl(clang::Decl* declaration) {
    if (declaration == nullptr) return true;
    // Below a file-level declaration everything lies in the same file, as far as anyone writes.
    if (declaration->getLexicalDeclContext() != nullptr && declaration->getLexicalDeclContext()->isFileContext() &&
        !llvm::isa<clang::TranslationUnitDecl>(declaration) && !places_.in_project(declaration->getLocation())) {
      return true;
    }
    const clang::FunctionDecl* const outer = function_;
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration)) {
      function_ = function;
      if (outer == nullptr) {
        uses_.enter_function(function);
        main_guard_.enter_function();
      }
    }
    ancestors_.push_back(declaration);
    const bool go_on = Base::TraverseDecl(declaration);
    ancestors_.pop_back();
    function_ = outer;
    return go_on;
  }

  bool dataTraverseStmtPre(clang::Stmt* statement) {
    ancestors_.push_back(statement);
    return true;
  }
  bool dataTraverseStmtPost(clang::Stmt* /*statement*/) {
    ancestors_.pop_back();
    return true;
  }

  bool VisitVarDecl(const clang::VarDecl* declaration) {
    uses_.declared(declaration);
    calls_.initialised(declaration);
    if (std::optional<model::TypeSpec> spec = type_specs_.read(declaration)) specs_.push_back(*std::move(spec));
    if (std::optional<model::Variable> variable = storage_.describe(declaration, function_)) {
      defined_.push_back({identity(declaration), *std::move(variable)});
    }
    return true;
  }

  bool VisitFunctionDecl(const clang::FunctionDecl* function) {
    if (function->isThisDeclarationADefinition()) {
      bodies_.push_back(function);
      calls_.defined(function);
    }
    if (function->isThisDeclarationADefinition() && function->isExternallyVisible()) {
      define(function);
      if (function->getIdentifier() != nullptr && model::parse_hook(function->getNameAsString())) {
        hooks_.push_back(function);
      }
    }
    return true;
  }

  bool VisitCompoundLiteralExpr(const clang::CompoundLiteralExpr* literal) {
    if (!literal->isFileScope() || literal->getType()->isFunctionType()) return true;
    std::string owner;
    for (const Node& node : ancestors_) {
      if (const auto* variable = node_as<clang::VarDecl>(node)) owner = variable->getQualifiedNameAsString();
    }
    defined_.push_back({nullptr, storage_.describe(literal, owner)});
    return true;
  }

  bool VisitBinaryOperator(const clang::BinaryOperator* operation) {
    uses_.assigned(operation, ancestors_);
    return true;
  }

  bool VisitLabelStmt(const clang::LabelStmt* /*label*/) {
    uses_.labelled();
    return true;
  }

  bool VisitUnaryOperator(const clang::UnaryOperator* operation) {
    uses_.changed(operation);
    return true;
  }

  bool VisitCallExpr(const clang::CallExpr* call) {
    if (auto handed = handed_callback(call, function_, types_, places_)) callbacks_.push_back(*std::move(handed));
    const std::string callee = callee_name(call);
    if (!calls_once(callee) || !takes_shared_lock(call)) return true;
    for (const clang::Expr* argument : call->arguments()) {
      const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(argument));
      const auto* function = reference == nullptr ? nullptr : llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl());
      if (function == nullptr) continue;
      uses_.runs_once(function, callee);
      api_.runs_once(function, callee);
    }
    return true;
  }

  bool VisitCXXConstructExpr(const clang::CXXConstructExpr* construct) {
    calls_.constructed(construct, function_);
    return true;
  }

  bool VisitDeclRefExpr(const clang::DeclRefExpr* reference) {
    named(reference->getDecl(), reference->getBeginLoc());
    return true;
  }

  bool VisitMemberExpr(const clang::MemberExpr* member) {
    named(member->getMemberDecl(), member->getMemberLoc());
    return true;
  }

  UnitFacts finish(clang::Preprocessor& preprocessor, const std::string& main_file) {
    UnitFacts facts;
    facts.unit.file = main_file;
    const auto& uses = uses_.finish();
    std::set<const clang::VarDecl*> own;
    for (auto& [declaration, variable] : defined_) {
      variable.unit = main_file;
      std::vector<Passed> passed;
      if (declaration != nullptr) {
        own.insert(declaration);
        if (const auto use = uses.find(declaration); use != uses.end()) {
          variable.is_read = use->second.is_read;
          variable.address_taken = use->second.address_taken;
          variable.writes = use->second.writes;
          passed = use->second.passed;
        }
        if (variable.linkage == model::Linkage::external) defines_.insert(variable.linkage_name);
      }
      facts.variables.push_back(variable);
      facts.passed.push_back(std::move(passed));
    }
    for (const clang::FunctionDecl* function : bodies_) {
      // A header's inline functions are told by the units that use them.
      if (!ids_.of(function).empty() && (function->isUsed() || function->isReferenced() || !function->isInlined())) {
        facts.functions.push_back(describe(function, uses));
      }
    }
    for (const auto& [declaration, use] : uses) {
      if (own.contains(declaration) || !declaration->isExternallyVisible() || declaration->isStaticLocal()) continue;
      const std::string name = storage_.linkage_name(declaration);
      if (name.empty()) continue;
      refers_.insert(name);
      if (places_.in_project(declaration->getLocation())) merge_uses(facts.external_uses[name], use);
    }
    for (const clang::FunctionDecl* function : called_) {
      if (function->isDefined() || function->getBuiltinID() != 0) continue;
      if (std::string name = storage_.linkage_name(function); !name.empty()) refers_.insert(std::move(name));
    }
    defines_.erase("");
    facts.unit.defines.assign(defines_.begin(), defines_.end());
    for (const std::string& name : refers_) {
      if (!defines_.contains(name)) facts.unit.refers.push_back(name);
    }
    EntryPointReader reader(ast_, preprocessor, places_, uses);
    for (const clang::FunctionDecl* hook : hooks_) {
      facts.entry_points.push_back(reader.read(hook));
      facts.entry_points.back().unit = main_file;
    }
    facts.entries = calls_.entries();
    facts.api_uses = api_.finish(main_file);
    for (model::TypeSpec& spec : specs_) spec.unit = main_file;
    for (model::HandedCallback& handed : callbacks_) handed.unit = main_file;
    facts.type_specs = std::move(specs_);
    facts.handed_callbacks = std::move(callbacks_);
    return facts;
  }

 private:
  /// What is visited stands where a value is read, no object is changed.
  bool value_is_taken() const {
    std::size_t above = ancestors_.size();
    if (above < 2) return false;
    above -= 2;
    while (above > 0 && node_as<clang::ParenExpr>(ancestors_[above]) != nullptr) --above;
    const auto* cast = node_as<clang::ImplicitCastExpr>(ancestors_[above]);
    return cast != nullptr && cast->getCastKind() == clang::CK_LValueToRValue;
  }

  void named(const clang::ValueDecl* declaration, clang::SourceLocation location) {
    if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration)) {
      uses_.named(variable, ancestors_, function_);
      api_.named(variable, location, function_, ancestors_, value_is_taken());
    } else if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration)) {
      if (function->isExternallyVisible()) called_.insert(function->getCanonicalDecl());
      api_.named(function, location, function_, ancestors_);
      main_guard_.named(function);
      calls_.named(function, ancestors_, function_);
    }
  }

  FunctionFacts describe(const clang::FunctionDecl* function,
                         const std::unordered_map<const clang::VarDecl*, VariableUses>& uses) {
    FunctionFacts facts;
    facts.id = ids_.of(function);
    facts.name = function_name(function);
    calls_.describe(function, facts);
    for (const clang::ParmVarDecl* parameter : function->parameters()) {
      const auto use = uses.find(identity(parameter));
      facts.parameters.push_back(use == uses.end() ? VariableUses{} : use->second);
    }
    return facts;
  }

  void define(const clang::FunctionDecl* function) {
    if (!function->isInlined()) defines_.insert(storage_.linkage_name(function));
  }

  clang::ASTContext& ast_;
  SourcePlaces& places_;
  PythonTypes types_;
  Storage storage_;
  FunctionIds ids_;
  MainGuard main_guard_{};
  UseCollector uses_;
  CallCollector calls_;
  ApiUseCollector api_;
  TypeSpecReader type_specs_;
  std::vector<model::TypeSpec> specs_{};
  std::vector<model::HandedCallback> callbacks_{};
  Ancestors ancestors_{};
  const clang::FunctionDecl* function_ = nullptr;
  std::vector<std::pair<const clang::VarDecl*, model::Variable>> defined_{};
  std::vector<const clang::FunctionDecl*> bodies_{};
  std::vector<const clang::FunctionDecl*> hooks_{};
  std::set<const clang::FunctionDecl*> called_{};
  std::set<std::string> defines_{};
  std::set<std::string> refers_{};
};

}  // namespace

UnitFacts collect_unit(clang::ASTContext& ast, clang::Preprocessor& preprocessor, SourcePlaces& places,
                       const UsersNames& names, const std::string& main_file) {
  UnitVisitor visitor(ast, places, names);
  visitor.TraverseDecl(ast.getTranslationUnitDecl());
  return visitor.finish(preprocessor, main_file);
}

}  // namespace isoaudit::analyzer
