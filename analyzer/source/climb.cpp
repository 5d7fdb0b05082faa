#include "analyzer/source/climb.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>
#include <clang/AST/StmtCXX.h>

#include <algorithm>

#include "analyzer/source/api_effects.h"
#include "analyzer/source/guards.h"

namespace isoaudit::analyzer {
namespace {

using model::StoredValue;
using model::WriteKind;

constexpr std::string_view storing_macros[] = {"Py_CLEAR", "Py_SETREF", "Py_XSETREF"};

/// `begin()`, `at()`, `operator[]` of a vector: the class has the same for const objects, so calling it writes nothing.
bool has_const_twin(const clang::CXXMethodDecl* method) {
  const auto twins = method->getParent()->lookup(method->getDeclName());
  return std::ranges::any_of(twins, [&](const clang::NamedDecl* declaration) {
    const auto* other = llvm::dyn_cast<clang::CXXMethodDecl>(declaration->getAsFunction());
    return other != nullptr && other != method && other->isConst() && other->getNumParams() == method->getNumParams();
  });
}

bool points_to_const(clang::QualType type) {
  return type->isPointerType() && type->getPointeeType().isConstQualified();
}

bool is_last_of_block(const clang::Stmt* statement, const clang::CompoundStmt* block) {
  return !block->body_empty() && block->body_back() == statement;
}

std::string atomic_class(const clang::CXXMethodDecl* method) {
  const clang::CXXRecordDecl* record = method->getParent();
  if (!record->isInStdNamespace() || record->getIdentifier() == nullptr) return {};
  const llvm::StringRef name = record->getName();
  return name.starts_with("atomic") || name.starts_with("__atomic") ? "std::atomic" : std::string();
}

}  // namespace

Climb::Next Climb::read() {
  use().is_read = true;
  return Next::stop;
}

Climb::Next Climb::taken() {
  if (!path_.through) use().address_taken = true;
  return Next::stop;
}

Climb::Next Climb::passed(const clang::FunctionDecl* callee, const std::string& name, unsigned parameter,
                          Effect otherwise) {
  // What the variable points to is not the variable: only plain stores through it are told.
  if (path_.through) return Next::stop;
  Passed passed;
  if (callee != nullptr) passed.callee = owner_.ids_.of(callee);
  passed.parameter = parameter;
  passed.otherwise = otherwise;
  passed.write =
      describe(WriteKind::address_passed, {StoredValue::unknown, name}, is_atomic_function(name) ? name : "");
  use().passed.push_back(std::move(passed));
  return Next::stop;
}

Climb::Next Climb::passed_to_unknown(const std::string& name) { return passed(nullptr, name, 0, Effect::writes); }

StoredExpression Climb::evaluate(const clang::Expr* value) const {
  return stored_expression(value, owner_.ast_, owner_.local_values_);
}

void Climb::write(WriteKind kind, const StoredExpression& value, const std::string& guard) {
  if (ancestors_[at_].dyn_cast<const clang::Stmt*>() == nullptr) return;
  // A parameter that is written without a lock somewhere is: no other write tells more.
  std::vector<model::Write>& writes = use().writes;
  if (is_parameter() && !writes.empty() && writes.front().guard.empty()) return;
  model::Write made = describe(kind, value, guard);
  if (is_parameter() && made.guard.empty()) writes.clear();
  writes.push_back(std::move(made));
}

model::Write Climb::describe(WriteKind kind, const StoredExpression& value, const std::string& guard) const {
  const auto* node = ancestors_[at_].get<const clang::Stmt*>();
  model::Write write;
  write.guard = guard.empty() ? guard_around(ancestors_) : guard;
  if (write.guard.empty() && owner_.main_guard_.holds(ancestors_)) write.guard = "main interpreter only";
  write.kind = kind;
  if (is_parameter()) return write;
  write.value = value.value;
  write.callee = value.callee;
  write.stored = value.text;
  if (kind == WriteKind::member && !path_.through) write.part = path_.part.value_or("");
  write.where = owner_.places_.users_place(node->getBeginLoc(), function_);
  for (const std::string& macro : owner_.places_.macros(node->getBeginLoc())) {
    if (std::ranges::find(storing_macros, macro) != std::end(storing_macros)) write.kind = WriteKind::api_macro;
  }
  if (path_.through) write.kind = WriteKind::pointee;
  return write;
}

void Climb::store(const clang::Expr* value) {
  write(path_.whole ? WriteKind::assignment : WriteKind::member, evaluate(value), own_guard());
}

void Climb::from(std::size_t at, Path path) {
  path_ = std::move(path);
  for (at_ = at; at_ > 0; --at_) {
    const auto* child = node_as<clang::Expr>(ancestors_[at_]);
    if (child == nullptr) return;
    const Next next = step(child, ancestors_[at_ - 1]);
    if (next == Next::stop) return;
    if (next == Next::skip_one) --at_;
  }
}

Climb::Next Climb::step(const clang::Expr* child, Node parent) {
  if (const auto* local = node_as<clang::VarDecl>(parent)) return into_variable(local, true);
  if (node_as<clang::Decl>(parent) != nullptr) return taken();  // a member's or parameter's initialiser
  const auto* statement = parent.get<const clang::Stmt*>();
  if (const auto* cast = llvm::dyn_cast<clang::CastExpr>(statement)) return through_cast(cast);
  if (llvm::isa<clang::ParenExpr, clang::FullExpr, clang::MaterializeTemporaryExpr, clang::CXXBindTemporaryExpr,
                clang::SubstNonTypeTemplateParmExpr>(statement)) {
    return Next::go_on;
  }
  if (const auto* selection = llvm::dyn_cast<clang::GenericSelectionExpr>(statement)) {
    return !selection->isResultDependent() && selection->getResultExpr() == child ? Next::go_on : Next::stop;
  }
  if (const auto* unary = llvm::dyn_cast<clang::UnaryOperator>(statement)) return through_unary(unary);
  if (const auto* binary = llvm::dyn_cast<clang::BinaryOperator>(statement)) return through_binary(child, binary);
  if (const auto* choice = llvm::dyn_cast<clang::ConditionalOperator>(statement)) {
    return choice->getCond() == child ? read() : Next::go_on;
  }
  if (const auto* element = llvm::dyn_cast<clang::ArraySubscriptExpr>(statement)) {
    if (element->getBase() != child) return read();
    if (path_.stands == Stands::pointer_value) path_.through = true;
    path_.stands = Stands::object;
    path_.whole = false;
    path_.part.reset();
    return Next::go_on;
  }
  if (const auto* member = llvm::dyn_cast<clang::MemberExpr>(statement)) return through_member(member);
  if (const auto* call = llvm::dyn_cast<clang::CallExpr>(statement)) return through_call(child, call);
  if (const auto* construct = llvm::dyn_cast<clang::CXXConstructExpr>(statement)) {
    return through_construct(child, construct);
  }
  if (const auto* atomic = llvm::dyn_cast<clang::AtomicExpr>(statement)) return into_atomic(child, atomic);
  if (llvm::isa<clang::UnaryExprOrTypeTraitExpr, clang::CXXTypeidExpr, clang::CXXNoexceptExpr>(statement)) {
    return Next::stop;
  }
  if (const auto* range = llvm::dyn_cast<clang::CXXForRangeStmt>(statement)) {
    use().is_read = true;
    const clang::VarDecl* element = range->getLoopVariable();
    path_.whole = false;
    path_.part.reset();
    return element != nullptr && element->getType()->isReferenceType() ? into_variable(element, true) : Next::stop;
  }
  if (llvm::isa<clang::ReturnStmt>(statement)) {
    if (path_.stands == Stands::object) {
      const bool by_reference = function_ != nullptr && function_->getReturnType()->isReferenceType() &&
                                !function_->getReturnType().getNonReferenceType().isConstQualified();
      return by_reference ? taken() : read();
    }
    return path_.stands == Stands::address && !points_to_const(child->getType()) ? taken() : read();
  }
  if (llvm::isa<clang::InitListExpr, clang::DesignatedInitExpr, clang::CXXParenListInitExpr>(statement)) {
    return path_.stands == Stands::address && !points_to_const(child->getType()) ? taken() : read();
  }
  if (llvm::isa<clang::CXXNewExpr>(statement)) {
    return path_.stands == Stands::address ? passed_to_unknown("operator new") : read();
  }
  if (llvm::isa<clang::GCCAsmStmt>(statement)) return passed_to_unknown("asm");
  if (const auto* block = llvm::dyn_cast<clang::CompoundStmt>(statement)) {
    // ({ ...; &g; }) stands for its last expression.
    if (at_ >= 2 && node_as<clang::StmtExpr>(ancestors_[at_ - 2]) != nullptr && is_last_of_block(child, block)) {
      return Next::skip_one;
    }
    return Next::stop;
  }
  if (path_.stands == Stands::address && llvm::isa<clang::Expr>(statement)) return taken();
  return read();
}

/// `table[2]`: one element of the array itself.
bool Climb::into_known_element(const clang::CastExpr* array) {
  const auto* element = at_ >= 2 ? node_as<clang::ArraySubscriptExpr>(ancestors_[at_ - 2]) : nullptr;
  if (element == nullptr || element->getBase() != array || path_.stands != Stands::object) return false;
  clang::Expr::EvalResult index;
  const clang::Expr* written = element->getIdx();
  if (written->isValueDependent() || !written->EvaluateAsInt(index, owner_.ast_)) return false;
  path_.whole = false;
  if (path_.part) path_.part->append(".[").append(std::to_string(index.Val.getInt().getExtValue())).append("]");
  return true;
}

Climb::Next Climb::through_cast(const clang::CastExpr* cast) {
  switch (cast->getCastKind()) {
    case clang::CK_LValueToRValue:
      use().is_read = true;
      // Two loads away lies somebody else's memory.
      if (path_.stands != Stands::object || path_.through || !cast->getType()->isPointerType()) return Next::stop;
      path_.stands = Stands::pointer_value;
      return Next::go_on;
    case clang::CK_ArrayToPointerDecay:
      if (into_known_element(cast)) return Next::skip_one;
      path_.stands = Stands::address;
      path_.whole = false;
      path_.part.reset();
      return Next::go_on;
    case clang::CK_PointerToBoolean:
    case clang::CK_ToVoid: return Next::stop;
    case clang::CK_PointerToIntegral: return path_.stands == Stands::address ? taken() : Next::stop;
    case clang::CK_BitCast:
    case clang::CK_LValueBitCast: path_.part.reset(); break;  // another type's members lie elsewhere
    default: break;
  }
  const clang::QualType type = cast->getType();
  if (path_.stands == Stands::object) {
    // Bound to a const reference, or made const: it is only read from here on.
    if (!cast->isGLValue() || type.isConstQualified()) return read();
    return Next::go_on;
  }
  if (!type->isPointerType()) return path_.stands == Stands::address ? taken() : Next::stop;
  if (type->getPointeeType().isConstQualified()) {
    if (path_.stands == Stands::address) use().is_read = true;
    return Next::stop;
  }
  return Next::go_on;
}

Climb::Next Climb::through_unary(const clang::UnaryOperator* unary) {
  switch (unary->getOpcode()) {
    case clang::UO_AddrOf: path_.stands = Stands::address; return Next::go_on;
    case clang::UO_Deref:
      if (path_.stands == Stands::pointer_value) {
        path_.through = true;
        path_.whole = false;
      }
      path_.stands = Stands::object;
      return Next::go_on;
    case clang::UO_PreInc:
    case clang::UO_PreDec:
    case clang::UO_PostInc:
    case clang::UO_PostDec:
      if (path_.stands == Stands::object) {
        use().is_read = true;
        write(WriteKind::compound, {}, own_guard());
      }
      return Next::stop;
    case clang::UO_Extension: return Next::go_on;
    default: return read();
  }
}

Climb::Next Climb::through_binary(const clang::Expr* child, const clang::BinaryOperator* binary) {
  const bool left = binary->getLHS() == child;
  if (binary->isAssignmentOp() && left) {
    if (path_.stands != Stands::object) return Next::stop;
    if (binary->getOpcode() == clang::BO_Assign) {
      store(binary->getRHS());
    } else {
      use().is_read = true;
      write(WriteKind::compound, evaluate(binary->getRHS()), own_guard());
    }
    return Next::stop;
  }
  if (binary->getOpcode() == clang::BO_Assign) {
    if (path_.stands != Stands::address) return read();
    if (points_to_const(binary->getLHS()->getType())) return read();
    const auto* target = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(binary->getLHS()));
    const auto* local = target == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(target->getDecl());
    return local != nullptr && !local->hasGlobalStorage() ? into_variable(local, false) : taken();
  }
  if (binary->getOpcode() == clang::BO_Comma) return left ? Next::stop : Next::go_on;
  if (binary->isAdditiveOp() && binary->getType()->isPointerType() && path_.stands != Stands::object) {
    path_.whole = false;
    path_.part.reset();
    return Next::go_on;
  }
  if (path_.stands == Stands::object) use().is_read = true;
  return Next::stop;
}

Climb::Next Climb::through_member(const clang::MemberExpr* member) {
  if (llvm::isa<clang::VarDecl>(member->getMemberDecl())) return Next::stop;  // a static member is another variable
  if (llvm::isa<clang::CXXMethodDecl>(member->getMemberDecl())) {
    const auto* call = at_ >= 2 ? node_as<clang::CXXMemberCallExpr>(ancestors_[at_ - 2]) : nullptr;
    return call == nullptr ? read() : through_method(member, call);
  }
  if (member->isArrow() && path_.stands == Stands::pointer_value) path_.through = true;
  path_.stands = Stands::object;
  path_.whole = false;
  const auto* field = llvm::dyn_cast<clang::FieldDecl>(member->getMemberDecl());
  // Bit-fields share a word, which one store to one of them reads and writes as a whole.
  const bool apart = field != nullptr && !field->getParent()->isUnion() && !field->isBitField();
  if (!apart) path_.part.reset();
  if (path_.part) path_.part->append(".").append(field->getName());
  return member->getMemberDecl()->getType()->isReferenceType() ? read() : Next::go_on;
}

Climb::Next Climb::result_of_accessor(const clang::CallExpr* call) {
  use().is_read = true;
  if (!call->isGLValue() || call->getType().isConstQualified()) return Next::stop;
  path_.stands = Stands::object;
  path_.whole = false;
  path_.part.reset();
  return Next::go_on;
}

Climb::Next Climb::through_method(const clang::MemberExpr* member, const clang::CallExpr* call) {
  const auto* method = llvm::cast<clang::CXXMethodDecl>(member->getMemberDecl());
  if (method->isStatic()) return Next::stop;
  if (member->isArrow() && path_.stands == Stands::pointer_value) path_.through = true;
  if (method->isConst() || has_const_twin(method)) {
    const Next next = result_of_accessor(call);
    return next == Next::go_on && !method->isConst() ? Next::skip_one : Next::stop;
  }
  if (path_.through) return Next::stop;
  if (llvm::isa<clang::CXXDestructorDecl>(method)) return Next::stop;
  write(WriteKind::method, {StoredValue::unknown, callee_name(call)}, atomic_class(method));
  return Next::stop;
}

Climb::Next Climb::through_operator(const clang::CallExpr* expression) {
  const auto* call = llvm::cast<clang::CXXOperatorCallExpr>(expression);
  const auto* method = llvm::dyn_cast_or_null<clang::CXXMethodDecl>(call->getCalleeDecl());
  if (method == nullptr || method->isConst()) return read();
  const std::string guard = atomic_class(method);
  const clang::OverloadedOperatorKind kind = call->getOperator();
  if (kind == clang::OO_Equal) {
    if (path_.whole && !path_.through) {
      write(WriteKind::assignment, evaluate(call->getArg(1)), guard);
    } else {
      write(WriteKind::member, evaluate(call->getArg(1)), guard);
    }
  } else if (call->isAssignmentOp() || kind == clang::OO_PlusPlus || kind == clang::OO_MinusMinus) {
    write(WriteKind::compound, {}, guard);
  } else if (has_const_twin(method)) {
    return result_of_accessor(call);
  } else {
    write(WriteKind::method, {StoredValue::unknown, callee_name(call)}, guard);
  }
  return Next::stop;
}

Climb::Next Climb::through_call(const clang::Expr* child, const clang::CallExpr* call) {
  if (call->getCallee() == child) return read();
  const auto end = call->arg_end();
  const auto found = std::find(call->arg_begin(), end, child);
  if (found == end) return read();
  const auto index = static_cast<unsigned>(found - call->arg_begin());
  const auto* method = llvm::dyn_cast_or_null<clang::CXXMethodDecl>(call->getCalleeDecl());
  if (llvm::isa<clang::CXXOperatorCallExpr>(call) && index == 0 && method != nullptr) {
    return path_.stands == Stands::object ? through_operator(call) : read();
  }
  if (path_.stands == Stands::pointer_value) return read();
  const std::string callee = callee_name(call);
  // The compiler's own __sync builtins; __atomic ones are AtomicExpr.
  if (llvm::StringRef(callee).starts_with("__sync_")) {
    if (index == 0) write(WriteKind::assignment, {}, callee);
    return Next::stop;
  }
  if (callee == "__builtin_expect") return Next::go_on;
  if (const auto argument = format_argument(call, index)) return through_format(*argument, callee);
  if (const std::optional<Effect> known = effect_by_name(call, index, owner_.places_)) {
    if (*known == Effect::none) return read();
    write(WriteKind::by_callee, {StoredValue::unknown, callee});
    return Next::stop;
  }
  const Effect effect = effect_on_argument(call, index);
  if (effect == Effect::none || (effect == Effect::shares && path_.stands == Stands::object)) return read();
  const auto* function = llvm::dyn_cast_or_null<clang::FunctionDecl>(call->getCalleeDecl());
  const bool shifted = llvm::isa<clang::CXXOperatorCallExpr>(call) && method != nullptr;
  return passed(function, callee, shifted ? index - 1 : index, effect);
}

Climb::Next Climb::through_format(const FormatArgument& argument, const std::string& callee) {
  if (path_.stands != Stands::address) return read();
  if (argument.use == FormatUse::written) {
    write(WriteKind::by_callee, {StoredValue::unknown, callee});
    return Next::stop;
  }
  if (argument.use != FormatUse::converted) return read();
  const std::string name = argument.converter == nullptr ? callee : function_name(argument.converter);
  return passed(argument.converter, name, argument.parameter, Effect::writes);
}

Climb::Next Climb::through_construct(const clang::Expr* child, const clang::CXXConstructExpr* construct) {
  if (path_.stands == Stands::pointer_value) return read();
  const auto found = std::find(construct->arg_begin(), construct->arg_end(), child);
  if (found == construct->arg_end()) return read();
  const auto index = static_cast<unsigned>(found - construct->arg_begin());
  const Effect effect = effect_on_argument(construct, index);
  if (effect == Effect::none) return read();
  const clang::CXXConstructorDecl* constructor = construct->getConstructor();
  return passed(constructor, constructor->getParent()->getQualifiedNameAsString(), index, effect);
}

Climb::Next Climb::into_variable(const clang::VarDecl* local, bool initialises) {
  const clang::QualType type = local->getType();
  const bool reference = type->isReferenceType();
  if (reference && initialises) {
    if (type.getNonReferenceType().isConstQualified()) return read();
  } else if (path_.stands != Stands::address || points_to_const(type)) {
    return read();
  }
  if (!reference && !type->isPointerType()) return taken();
  if (local->hasGlobalStorage() && !initialises) return taken();
  auto& aliases = local->hasGlobalStorage() ? owner_.static_aliases_[identity(local)] : owner_.aliases_[local];
  const UseCollector::Alias alias{variable_, path_, {}};
  if (std::ranges::find(aliases, alias) == aliases.end()) aliases.push_back(alias);
  // What a static holds, code elsewhere may use as well.
  return local->hasGlobalStorage() ? taken() : Next::stop;
}

Climb::Next Climb::into_atomic(const clang::Expr* child, const clang::AtomicExpr* atomic) {
  if (path_.stands != Stands::address) return read();
  if (atomic->getPtr() != child) return passed_to_unknown("__atomic");
  switch (atomic->getOp()) {
    case clang::AtomicExpr::AO__c11_atomic_load:
    case clang::AtomicExpr::AO__atomic_load:
    case clang::AtomicExpr::AO__atomic_load_n: return read();
    default: break;
  }
  const bool plain_store = atomic->getOp() == clang::AtomicExpr::AO__atomic_store_n ||
                           atomic->getOp() == clang::AtomicExpr::AO__c11_atomic_store ||
                           atomic->getOp() == clang::AtomicExpr::AO__c11_atomic_init;
  write(plain_store ? WriteKind::assignment : WriteKind::compound,
        plain_store ? evaluate(atomic->getVal1()) : StoredExpression{}, "atomic");
  return Next::stop;
}

}  // namespace isoaudit::analyzer
