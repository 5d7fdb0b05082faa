#include "analyzer/source/calls.h"

#include <clang/AST/DeclCXX.h>

#include "analyzer/source/function_tables.h"
#include "analyzer/source/guards.h"
#include "analyzer/source/process_entries.h"
#include "analyzer/source/values.h"
#include "analyzer/tables/locks.h"
#include "model/module_definition.h"

namespace isoaudit::analyzer {
namespace {

using model::RunsWhen;

enum class Mention { call, hands_out };

/// A call of it, or of something that calls it once and at once; all else hands its address out.
Mention mention(const Ancestors& ancestors) {
  if (node_as<clang::MemberExpr>(ancestors.back()) != nullptr) return Mention::call;
  for (std::size_t at = ancestors.size() - 1; at > 0; --at) {
    const auto* parent = node_as<clang::Expr>(ancestors[at - 1]);
    if (parent == nullptr) break;
    if (llvm::isa<clang::CastExpr, clang::ParenExpr>(parent)) continue;
    if (const auto* unary = llvm::dyn_cast<clang::UnaryOperator>(parent)) {
      if (unary->getOpcode() == clang::UO_AddrOf || unary->getOpcode() == clang::UO_Deref) continue;
    }
    const auto* call = llvm::dyn_cast<clang::CallExpr>(parent);
    if (call == nullptr) break;
    const bool is_callee = ancestors[at] == Node(static_cast<const clang::Stmt*>(call->getCallee()));
    return is_callee || calls_once(callee_name(call)) ? Mention::call : Mention::hands_out;
  }
  return Mention::hands_out;
}

/// The initialiser that the last node stands in, of a variable with static storage.
bool in_static_initialiser(const Ancestors& ancestors) {
  for (std::size_t at = ancestors.size(); at-- > 0;) {
    const auto* variable = node_as<clang::VarDecl>(ancestors[at]);
    if (variable != nullptr) return variable->hasGlobalStorage();
    if (node_as<clang::FunctionDecl>(ancestors[at]) != nullptr) return false;
  }
  return false;
}

}  // namespace

void CallCollector::call(const clang::FunctionDecl* callee, const clang::FunctionDecl* caller, bool only_main) {
  const std::string& id = ids_.of(callee);
  if (id.empty()) return;
  // Nobody else runs there, whoever forked: defined() says so.
  if (callee->getIdentifier() != nullptr && runs_in_a_new_process(callee->getName())) return;
  if (caller == nullptr) {
    entries_.insert({id, RunsWhen::static_initialiser, "a static initialiser"});
  } else if (ids_.of(caller).empty()) {
    entries_.insert({id, RunsWhen::call, caller->getQualifiedNameAsString() + "()"});
  } else {
    Inside& inside = inside_[caller->getCanonicalDecl()];
    // Who does not come back ends the process: Py_FatalError and its like.
    (callee->isNoReturn() ? inside.last_calls : only_main ? inside.main_calls : inside.calls).insert(id);
  }
}

void CallCollector::named(const clang::FunctionDecl* callee, const Ancestors& ancestors,
                          const clang::FunctionDecl* caller) {
  if (mention(ancestors) == Mention::call) return call(callee, caller, main_guard_.holds(ancestors));
  if (in_static_initialiser(ancestors)) return;  // initialised() knows the table
  const std::string& id = ids_.of(callee);
  if (id.empty()) return;
  if (caller == nullptr || ids_.of(caller).empty()) {
    entries_.insert({id, RunsWhen::call, "a pointer to it"});
  } else {
    inside_[caller->getCanonicalDecl()].hands_out.insert(id);
  }
}

void CallCollector::constructed(const clang::CXXConstructExpr* construct, const clang::FunctionDecl* caller) {
  call(construct->getConstructor(), caller, false);
}

void CallCollector::initialised(const clang::VarDecl* variable) {
  if (!variable->hasGlobalStorage() || variable->getInit() == nullptr) return;
  functions_in_table(variable, ast_,
                     [this](const clang::FunctionDecl* function, RunsWhen when, const std::string& how) {
                       enter(function, when, how);
                     });
}

void CallCollector::enter(const clang::FunctionDecl* function, RunsWhen when, const std::string& how) {
  if (const std::string& id = ids_.of(function); !id.empty()) entries_.insert({id, when, how});
}

void CallCollector::defined(const clang::FunctionDecl* function) {
  const std::string name = function->getIdentifier() == nullptr ? "" : function->getNameAsString();
  const bool exported = function->getExplicitVisibility(clang::NamedDecl::VisibilityForValue) ==
                        std::optional<clang::Visibility>(clang::DefaultVisibility);
  if (function->hasAttr<clang::ConstructorAttr>()) {
    enter(function, RunsWhen::static_initialiser, "a constructor function");
  } else if (function->hasAttr<clang::DestructorAttr>()) {
    enter(function, RunsWhen::process, "a destructor function");
  } else if (model::parse_hook(name) && function->isExternallyVisible()) {
    enter(function, RunsWhen::hook, "import");
  } else if (runs_once_for_each_process(name)) {
    enter(function, RunsWhen::process, "the process");
  } else if (exported || function->hasAttr<clang::UsedAttr>() || llvm::isa<clang::CXXDestructorDecl>(function)) {
    enter(function, RunsWhen::call, "other code");
  }
}

void CallCollector::describe(const clang::FunctionDecl* function, FunctionFacts& facts) const {
  facts.only_here = !function->isExternallyVisible() && !ast_.getLangOpts().CPlusPlus;
  const auto found = inside_.find(function->getCanonicalDecl());
  if (found == inside_.end()) return;
  facts.calls.assign(found->second.calls.begin(), found->second.calls.end());
  facts.main_calls.assign(found->second.main_calls.begin(), found->second.main_calls.end());
  facts.last_calls.assign(found->second.last_calls.begin(), found->second.last_calls.end());
  facts.hands_out.assign(found->second.hands_out.begin(), found->second.hands_out.end());
}

}  // namespace isoaudit::analyzer
