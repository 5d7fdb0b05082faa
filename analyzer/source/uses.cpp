#include "analyzer/source/uses.h"

#include <algorithm>

#include "analyzer/source/climb.h"
#include "analyzer/source/storage.h"

namespace isoaudit::analyzer {

void merge_uses(VariableUses& to, const VariableUses& from) {
  to.is_read |= from.is_read;
  to.address_taken |= from.address_taken;
  to.writes.insert(to.writes.end(), from.writes.begin(), from.writes.end());
}

void UseCollector::named(const clang::VarDecl* variable, const Ancestors& ancestors,
                         const clang::FunctionDecl* function) {
  if (variable->hasGlobalStorage()) {
    Climb(*this, identity(variable), ancestors, function).from(ancestors.size() - 1, {});
    return;
  }
  const auto known = aliases_.find(variable);
  if (known == aliases_.end()) return;
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
  for (const Alias& alias : aliases) Climb(*this, alias.variable, ancestors, function).from(at, alias.path);
}

void UseCollector::assigned(const clang::BinaryOperator* assignment) {
  if (!assignment->isAssignmentOp()) return;
  const auto* target = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(assignment->getLHS()));
  const auto* local = target == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(target->getDecl());
  if (local == nullptr || local->hasGlobalStorage()) return;
  if (assignment->getOpcode() != clang::BO_Assign) {
    local_values_[local].push_back(nullptr);
  } else if (!is_null(assignment->getRHS())) {
    local_values_[local].push_back(assignment->getRHS());
  }
}

void UseCollector::changed(const clang::UnaryOperator* operation) {
  if (operation->getOpcode() != clang::UO_AddrOf && !operation->isIncrementDecrementOp()) return;
  const auto* target = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(operation->getSubExpr()));
  const auto* local = target == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(target->getDecl());
  if (local != nullptr && !local->hasGlobalStorage()) local_values_[local].push_back(nullptr);
}

void UseCollector::declared(const clang::VarDecl* local) {
  if (local->hasGlobalStorage() || !local->hasInit() || llvm::isa<clang::ParmVarDecl>(local)) return;
  if (!is_null(local->getInit())) local_values_[local].push_back(local->getInit());
}

void UseCollector::runs_once(const clang::FunctionDecl* function, const std::string& guard) {
  once_[function_name(function)] = guard;
}

void UseCollector::enter_function() {
  local_values_.clear();
  aliases_.clear();
}

const std::unordered_map<const clang::VarDecl*, VariableUses>& UseCollector::finish() {
  for (auto& [variable, use] : uses_) {
    for (model::Write& write : use.writes) {
      const auto once = once_.find(write.where.function);
      if (once != once_.end() && write.guard.empty()) write.guard = once->second;
    }
    std::ranges::sort(use.writes);
    use.writes.erase(std::unique(use.writes.begin(), use.writes.end()), use.writes.end());
  }
  return uses_;
}

}  // namespace isoaudit::analyzer
