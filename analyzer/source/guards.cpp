#include "analyzer/source/guards.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <algorithm>

#include "analyzer/source/shared_lock.h"
#include "analyzer/source/values.h"
#include "analyzer/tables/locks.h"

namespace isoaudit::analyzer {
namespace {

/// Calls of a statement that run whenever it does: not those in the branches of an `if` or a loop.
template <typename Visit>
void unconditional_calls(const clang::Stmt* statement, const Visit& visit) {
  if (statement == nullptr) return;
  if (const auto* condition = llvm::dyn_cast<clang::IfStmt>(statement)) {
    // `if (lock()) { ... }` holds it inside only; `if (!lock()) return;` holds it from there on.
    if (leaves(condition->getThen())) unconditional_calls(condition->getCond(), visit);
    return;
  }
  if (llvm::isa<clang::ForStmt, clang::WhileStmt, clang::SwitchStmt, clang::LambdaExpr, clang::CompoundStmt>(
          statement)) {
    return;
  }
  if (const auto* loop = llvm::dyn_cast<clang::DoStmt>(statement)) {  // do { lock(); } while (0) of a macro
    if (const auto* body = llvm::dyn_cast<clang::CompoundStmt>(loop->getBody())) {
      for (const clang::Stmt* inner : body->body()) unconditional_calls(inner, visit);
    }
    return;
  }
  if (const auto* call = llvm::dyn_cast<clang::CallExpr>(statement)) visit(call);
  for (const clang::Stmt* child : statement->children()) unconditional_calls(child, visit);
}

std::string guard_class(const clang::Stmt* statement) {
  const auto* declarations = llvm::dyn_cast<clang::DeclStmt>(statement);
  if (declarations == nullptr) return {};
  for (const clang::Decl* declaration : declarations->decls()) {
    const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
    const clang::CXXRecordDecl* record = variable == nullptr ? nullptr : variable->getType()->getAsCXXRecordDecl();
    if (record == nullptr) continue;
    const std::string name = record->getQualifiedNameAsString();
    if (is_guard_class(name) && holds_shared_lock(variable)) return name;
  }
  return {};
}

void follow_locks(const clang::Stmt* statement, std::string& held) {
  if (std::string name = guard_class(statement); !name.empty()) held = std::move(name);
  unconditional_calls(statement, [&](const clang::CallExpr* call) {
    const std::string callee = callee_name(call);
    const Lock* lock = lock_taken_by(callee);
    if (lock != nullptr && lock->result != LockResult::when_zero && takes_shared_lock(call)) held = callee;
    if (releases_any(callee)) held.clear();
  });
}

std::string held_in_block(const clang::CompoundStmt* block, Node inside) {
  std::string held;
  for (const clang::Stmt* statement : block->body()) {
    if (inside == Node(statement)) break;
    follow_locks(statement, held);
  }
  return held;
}

}  // namespace

bool leaves(const clang::Stmt* statement) {
  if (const auto* block = llvm::dyn_cast<clang::CompoundStmt>(statement)) {
    return !block->body_empty() && leaves(block->body_back());
  }
  return llvm::isa<clang::ReturnStmt, clang::GotoStmt, clang::BreakStmt, clang::ContinueStmt, clang::CXXThrowExpr>(
      statement->stripLabelLikeStatements());
}

bool is_atomic_function(std::string_view callee) {
  constexpr std::string_view prefixes[] = {"__atomic_", "_Py_atomic_", "__sync_",      "__c11_atomic_",
                                           "atomic_",   "Interlocked", "_Interlocked", "std::atomic_"};
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return callee.starts_with(prefix); });
}

std::string guard_around(const Ancestors& ancestors) {
  for (std::size_t at = ancestors.size() - 1; at > 0; --at) {
    const Node parent = ancestors[at - 1];
    if (const auto* block = node_as<clang::CompoundStmt>(parent)) {
      if (std::string held = held_in_block(block, ancestors[at]); !held.empty()) return held;
    } else if (const auto* condition = node_as<clang::IfStmt>(parent)) {
      std::string held;
      if (ancestors[at] == Node(condition->getThen())) follow_locks(condition->getCond(), held);
      if (!held.empty()) return held;
    } else if (const auto* call = node_as<clang::CallExpr>(parent)) {
      const std::string callee = callee_name(call);
      if (calls_once(callee) && takes_shared_lock(call)) return callee;
    } else if (node_as<clang::FunctionDecl>(parent) != nullptr) {
      return {};
    }
  }
  return {};
}

}  // namespace isoaudit::analyzer
