#include "analyzer/source/guards.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "analyzer/source/shared_lock.h"
#include "analyzer/source/values.h"
#include "analyzer/tables/locks.h"

namespace isoaudit::analyzer {
namespace {

/// Calls of a statement that run whenever it does: not those in a branch, a loop or a block of its own.
template <typename Visit>
void unconditional_calls(const clang::Stmt* statement, const Visit& visit) {
  if (statement == nullptr ||
      llvm::isa<clang::IfStmt, clang::ForStmt, clang::CXXForRangeStmt, clang::WhileStmt, clang::DoStmt,
                clang::SwitchStmt, clang::LambdaExpr, clang::CompoundStmt>(statement)) {
    return;
  }
  if (const auto* call = llvm::dyn_cast<clang::CallExpr>(statement)) visit(call);
  for (const clang::Stmt* child : statement->children()) unconditional_calls(child, visit);
}

const clang::Stmt* last_of(const clang::Stmt* statement) {
  statement = statement->stripLabelLikeStatements();
  const auto* block = llvm::dyn_cast<clang::CompoundStmt>(statement);
  return block == nullptr || block->body_empty() ? statement : last_of(block->body_back());
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

/// What is held after some statements of a block, as far as they show.
struct Held {
  /// Taken in the block, the last at the end.
  std::vector<std::string> locks{};
  /// A lock that was taken before the block may have been given back.
  bool lost = false;
  /// The same where a `break`, and where a `goto` leads.
  bool lost_at_break = false;
  bool lost_at_label = false;
  /// How many were held where that which a `break` leaves began.
  std::size_t before_loop = 0;

  void give_back() {
    lost = lost || locks.empty();
    if (!locks.empty()) locks.pop_back();
  }
  void lose() {
    locks.clear();
    lost = true;
  }
};

/// Takes the locks of a statement and gives back what it gives back.
class Follower {
 public:
  explicit Follower(Held& held) : held_(held) {}

  void statement(const clang::Stmt* labelled) {
    arrive(labelled);
    const clang::Stmt* statement = labelled->stripLabelLikeStatements();
    if (std::string name = guard_class(statement); !name.empty()) held_.locks.push_back(std::move(name));
    if (const auto* condition = llvm::dyn_cast<clang::IfStmt>(statement)) {
      // `if (lock()) { ... }` holds it inside only; `if (!lock()) return;` holds it from there on.
      calls(condition->getCond(), leaves(condition->getThen()));
      branch(condition->getThen());
      branch(condition->getElse());
    } else if (const auto* once = llvm::dyn_cast<clang::DoStmt>(statement)) {
      runs_once(once->getBody());
    } else if (const auto* choice = llvm::dyn_cast<clang::SwitchStmt>(statement)) {
      cases(choice->getBody());
    } else if (const clang::Stmt* body = body_of_loop(statement)) {
      loop(body);
    } else if (llvm::isa<clang::CompoundStmt>(statement)) {
      branch(statement);
    } else {
      calls(statement, true);
    }
  }

  /// Code may come to a label from where the lock was given back.
  void arrive(const clang::Stmt* statement) {
    if (llvm::isa<clang::LabelStmt>(statement) && held_.lost_at_label) held_.lose();
  }

  void calls(const clang::Stmt* expression, bool take) {
    unconditional_calls(expression, [&](const clang::CallExpr* call) {
      const std::string callee = callee_name(call);
      const Lock* lock = lock_taken_by(callee);
      if (releases_any(callee)) {
        held_.give_back();
      } else if (take && lock != nullptr && lock->result != LockResult::when_zero && takes_shared_lock(call)) {
        held_.locks.push_back(callee);
      }
    });
  }

 private:
  static const clang::Stmt* body_of_loop(const clang::Stmt* statement) {
    if (const auto* loop = llvm::dyn_cast<clang::ForStmt>(statement)) return loop->getBody();
    if (const auto* loop = llvm::dyn_cast<clang::CXXForRangeStmt>(statement)) return loop->getBody();
    const auto* loop = llvm::dyn_cast<clang::WhileStmt>(statement);
    return loop == nullptr ? nullptr : loop->getBody();
  }

  void body(const clang::Stmt* body) {
    const auto* block = llvm::dyn_cast<clang::CompoundStmt>(body);
    if (block == nullptr) return statement(body);
    for (const clang::Stmt* inner : block->body()) statement(inner);
  }

  /// What a branch takes is not held behind it; what it gives back may be missing there.
  void branch(const clang::Stmt* branch) {
    if (branch == nullptr) return;
    Held inside = held_;
    Follower(inside).body(branch);
    const bool gave_back = inside.lost || inside.locks.size() < held_.locks.size();
    const clang::Stmt* last = last_of(branch);
    const bool outer_s = inside.lost || inside.locks.size() < held_.before_loop;
    held_.lost_at_break |= inside.lost_at_break || (llvm::isa<clang::BreakStmt>(last) && outer_s);
    held_.lost_at_label |= inside.lost_at_label || (llvm::isa<clang::GotoStmt>(last) && gave_back);
    if (gave_back && !leaves(branch)) held_.lose();
  }

  void loop(const clang::Stmt* repeated) {
    Held inside;
    Follower(inside).body(repeated);
    held_.lost_at_label |= inside.lost_at_label;
    if (inside.lost || inside.lost_at_break) held_.lose();
  }

  /// The body of a macro above all: do { lock(); } while (0).
  void runs_once(const clang::Stmt* macro) {
    const std::size_t before = held_.locks.size();
    const bool lost_before = std::exchange(held_.lost_at_break, false);
    const std::size_t outside = std::exchange(held_.before_loop, before);
    body(macro);
    if (std::exchange(held_.lost_at_break, lost_before)) held_.lose();
    held_.before_loop = outside;
    // Guards end with their block.
    const auto kept = held_.locks.begin() + static_cast<std::ptrdiff_t>(std::min(before, held_.locks.size()));
    held_.locks.erase(std::remove_if(kept, held_.locks.end(), [](const auto& lock) { return is_guard_class(lock); }),
                      held_.locks.end());
  }

  void cases(const clang::Stmt* choice) {
    const auto* block = llvm::dyn_cast<clang::CompoundStmt>(choice);
    if (block == nullptr) return branch(choice);
    Held inside;
    bool lost = false;
    for (const clang::Stmt* inner : block->body()) {
      Follower(inside).statement(inner);
      if (!leaves(inner)) continue;
      lost |= inside.lost_at_break || (inside.lost && llvm::isa<clang::BreakStmt>(last_of(inner)));
      held_.lost_at_label |= inside.lost_at_label || (inside.lost && llvm::isa<clang::GotoStmt>(last_of(inner)));
      inside = {};
    }
    if (lost || inside.lost || inside.lost_at_break) held_.lose();
  }

  Held& held_;
};

/// Something that `statement` takes may be held behind it.
bool may_take(const clang::Stmt* statement) {
  statement = statement->stripLabelLikeStatements();
  if (const auto* once = llvm::dyn_cast<clang::DoStmt>(statement)) {
    const auto* block = llvm::dyn_cast<clang::CompoundStmt>(once->getBody());
    return block == nullptr ? may_take(once->getBody()) : std::ranges::any_of(block->body(), may_take);
  }
  if (!guard_class(statement).empty()) return true;
  const auto* condition = llvm::dyn_cast<clang::IfStmt>(statement);
  bool takes = false;
  unconditional_calls(condition == nullptr ? statement : condition->getCond(),
                      [&](const clang::CallExpr* call) { takes |= lock_taken_by(callee_name(call)) != nullptr; });
  return takes;
}

/// A first look: few functions have locks, and what is given back in all their branches is asked of no others.
bool may_hold(const Ancestors& ancestors) {
  for (std::size_t at = ancestors.size() - 1; at > 0; --at) {
    if (const auto* block = node_as<clang::CompoundStmt>(ancestors[at - 1])) {
      for (const clang::Stmt* statement : block->body()) {
        if (ancestors[at] == Node(statement)) break;
        if (may_take(statement)) return true;
      }
    } else if (const auto* condition = node_as<clang::IfStmt>(ancestors[at - 1])) {
      if (may_take(condition)) return true;
    }
  }
  return false;
}

Held held_in_block(const clang::CompoundStmt* block, Node inside) {
  Held held;
  Follower follower(held);
  for (const clang::Stmt* statement : block->body()) {
    if (inside == Node(statement)) {
      follower.arrive(statement);
      break;
    }
    follower.statement(statement);
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
  const bool has_locks = may_hold(ancestors);
  for (std::size_t at = ancestors.size() - 1; at > 0; --at) {
    const Node parent = ancestors[at - 1];
    const auto* block = node_as<clang::CompoundStmt>(parent);
    const auto* condition = node_as<clang::IfStmt>(parent);
    if ((block != nullptr || condition != nullptr) && !has_locks) continue;
    if (block != nullptr) {
      const Held held = held_in_block(block, ancestors[at]);
      if (!held.locks.empty()) return held.locks.back();
      if (held.lost) return {};
    } else if (condition != nullptr) {
      Held held;
      if (ancestors[at] == Node(condition->getThen())) Follower(held).calls(condition->getCond(), true);
      if (!held.locks.empty()) return held.locks.back();
      if (held.lost) return {};
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
