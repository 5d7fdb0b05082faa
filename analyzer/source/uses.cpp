#include "analyzer/source/uses.h"

#include <algorithm>

#include "analyzer/source/climb.h"
#include "analyzer/source/storage.h"

namespace isoaudit::analyzer {

namespace {

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

bool mentions(const clang::Stmt* statement, const clang::VarDecl* variable) {
  if (statement == nullptr) return false;
  const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(statement);
  if (reference != nullptr && reference->getDecl() == variable) return true;
  return std::ranges::any_of(statement->children(),
                             [&](const clang::Stmt* child) { return mentions(child, variable); });
}

bool lies_in(const Ancestors& ancestors, const clang::Stmt* block) {
  return std::ranges::find(ancestors, Node(block)) != ancestors.end();
}

}  // namespace

void merge_uses(VariableUses& to, const VariableUses& from) {
  to.is_read |= from.is_read;
  to.address_taken |= from.address_taken;
  to.writes.insert(to.writes.end(), from.writes.begin(), from.writes.end());
  to.passed.insert(to.passed.end(), from.passed.begin(), from.passed.end());
}

void UseCollector::named(const clang::VarDecl* variable, const Ancestors& ancestors,
                         const clang::FunctionDecl* function) {
  const bool is_static = variable->hasGlobalStorage();
  if (is_static) Climb(*this, identity(variable), ancestors, function).from(ancestors.size() - 1, {});
  const auto& all = is_static ? static_aliases_ : aliases_;
  const auto known = all.find(is_static ? identity(variable) : variable);
  if (known == all.end()) return;
  // The climb may find further aliases of the same local.
  const std::vector<Alias> aliases = known->second;
  const bool is_reference = variable->getType()->isReferenceType();
  std::size_t at = ancestors.size() - 1;
  if (!is_reference) {
    // p, *p++ and *++p: up to where the pointer's value is taken.
    bool loaded = false;
    for (; at > 0; --at) {
      const Node parent = ancestors[at - 1];
      const auto* cast = node_as<clang::ImplicitCastExpr>(parent);
      const auto* unary = node_as<clang::UnaryOperator>(parent);
      if (cast != nullptr && cast->getCastKind() == clang::CK_LValueToRValue) {
        loaded = true;
      } else if (unary != nullptr && unary->isIncrementDecrementOp()) {
        loaded = loaded || unary->isPRValue();
      } else if (node_as<clang::ParenExpr>(parent) == nullptr) {
        break;
      }
    }
    if (!loaded) return;
  }
  for (const Alias& alias : aliases) {
    const bool dead =
        std::ranges::any_of(alias.dead_in, [&](const clang::Stmt* block) { return lies_in(ancestors, block); });
    if (!dead) Climb(*this, alias.variable, ancestors, function).from(at, alias.path);
  }
}

void UseCollector::assigned(const clang::BinaryOperator* assignment, const Ancestors& ancestors) {
  if (!assignment->isAssignmentOp()) return;
  const auto* target = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(assignment->getLHS()));
  const auto* local = target == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(target->getDecl());
  if (local == nullptr || local->hasGlobalStorage()) return;
  if (assignment->getOpcode() != clang::BO_Assign) {
    may_hold(local, nullptr);
    return;
  }
  end_values(assignment, local, ancestors);
  if (!is_null(assignment->getRHS())) may_hold(local, assignment->getRHS());
  // Assigning to a reference stores in what it refers to.
  if (!local->getType()->isReferenceType()) end_aliases(assignment, local, ancestors);
}

void UseCollector::end_aliases(const clang::BinaryOperator* assignment, const clang::VarDecl* local,
                               const Ancestors& ancestors) {
  // A statement of its own ends the aliases for the rest of its block; `if (x) p = q;` and `p = p->next` do not.
  const auto* block = ancestors.size() < 2 ? nullptr : node_as<clang::CompoundStmt>(ancestors[ancestors.size() - 2]);
  const auto known = aliases_.find(local);
  if (block == nullptr || known == aliases_.end() || mentions(assignment->getRHS(), local)) return;
  for (Alias& alias : known->second) alias.dead_in.push_back(block);
}

void UseCollector::changed(const clang::UnaryOperator* operation) {
  if (operation->getOpcode() != clang::UO_AddrOf && !operation->isIncrementDecrementOp()) return;
  const auto* target = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(operation->getSubExpr()));
  const auto* local = target == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(target->getDecl());
  if (local != nullptr && !local->hasGlobalStorage()) may_hold(local, nullptr);
}

void UseCollector::declared(const clang::VarDecl* local) {
  if (local->hasGlobalStorage() || !local->hasInit() || llvm::isa<clang::ParmVarDecl>(local)) return;
  if (!is_null(local->getInit())) may_hold(local, local->getInit());
}

void UseCollector::may_hold(const clang::VarDecl* local, const clang::Expr* value) {
  local_values_[local].push_back(value);
  all_local_values_[local].push_back(value);
}

void UseCollector::end_values(const clang::BinaryOperator* assignment, const clang::VarDecl* local,
                              const Ancestors& ancestors) {
  // A statement of the function's own block is passed by all that follows, up to the next label: Cython's temporaries
  // hold one thing after another. What a local held when its address went somewhere, it may hold again.
  const bool is_passed = ancestors.size() > 2 &&
                         node_as<clang::CompoundStmt>(ancestors[ancestors.size() - 2]) != nullptr &&
                         node_as<clang::FunctionDecl>(ancestors[ancestors.size() - 3]) != nullptr;
  const auto known = local_values_.find(local);
  if (!is_passed || known == local_values_.end() || mentions(assignment->getRHS(), local)) return;
  if (std::ranges::find(known->second, nullptr) == known->second.end()) local_values_.erase(known);
}

void UseCollector::runs_once(const clang::FunctionDecl* function, const std::string& guard) {
  once_[function_name(function)] = guard;
}

void UseCollector::enter_function(const clang::FunctionDecl* function) {
  local_values_.clear();
  all_local_values_.clear();
  aliases_.clear();
  if (!function->isThisDeclarationADefinition() || ids_.of(function).empty()) return;
  for (const clang::ParmVarDecl* parameter : function->parameters()) {
    const clang::QualType type = parameter->getType();
    const bool reference = type->isReferenceType();
    if (!reference && !type->isPointerType()) continue;
    const clang::QualType target = type->getPointeeType();
    if (target.isConstQualified() || target->isFunctionType()) continue;
    const Path path{reference ? Path::Stands::object : Path::Stands::address};
    aliases_[parameter].push_back({identity(parameter), path, {}});
  }
}

const std::unordered_map<const clang::VarDecl*, VariableUses>& UseCollector::finish() {
  for (auto& [variable, use] : uses_) {
    const auto add_guard = [&](model::Write& write) {
      const auto once = once_.find(write.where.function);
      if (once != once_.end() && write.guard.empty()) write.guard = once->second;
    };
    std::ranges::for_each(use.writes, add_guard);
    for (Passed& passed : use.passed) add_guard(passed.write);
    sort_unique(use.writes);
    sort_unique(use.passed);
  }
  return uses_;
}

}  // namespace isoaudit::analyzer
