#include "analyzer/source/type_specs.h"

#include <clang/AST/Expr.h>
#include <clang/AST/Stmt.h>

#include <algorithm>
#include <string_view>

#include "analyzer/source/slots.h"
#include "analyzer/source/values.h"
#include "model/c_api_name.h"
#include "model/type_slots.h"

namespace isoaudit::analyzer {
namespace {

using model::SlotBody;

// Include/refcount.h and Include/object.h, with what the macros of all versions expand to.
constexpr std::string_view releases[] = {"Py_DECREF", "Py_XDECREF", "Py_DecRef", "_Py_DECREF", "Py_CLEAR"};

template <class Test>
bool any_below(const clang::Stmt* statement, const Test& test) {
  if (statement == nullptr) return false;
  if (test(statement)) return true;
  return std::ranges::any_of(statement->children(), [&](const clang::Stmt* child) { return any_below(child, test); });
}

bool is_type_pointer(const clang::Expr* expression) {
  expression = strip(expression);
  if (expression == nullptr || !expression->getType()->isPointerType()) return false;
  const auto* record = expression->getType()->getPointeeType().getCanonicalType()->getAsRecordDecl();
  return record != nullptr && record->getName() == "_typeobject";
}

/// Another function gets the parameter: it may do what is asked for.
bool hands_on(const clang::CallExpr* call, const clang::ParmVarDecl* parameter) {
  const auto* callee = llvm::dyn_cast_or_null<clang::FunctionDecl>(call->getCalleeDecl());
  const bool known = callee != nullptr && callee->getIdentifier() != nullptr && model::is_c_api_name(callee->getName());
  if (known) return false;
  return std::ranges::any_of(call->arguments(), [&](const clang::Expr* argument) {
    const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(argument));
    return reference != nullptr && reference->getDecl() == parameter;
  });
}

/// `visit` is the second parameter of a tp_traverse: visiting the type calls it, or hands it to who does.
bool visits_type(const clang::FunctionDecl* function) {
  if (function->getNumParams() < 2) return true;
  const clang::ParmVarDecl* visit = function->getParamDecl(1);
  return any_below(function->getBody(), [&](const clang::Stmt* statement) {
    const auto* call = llvm::dyn_cast<clang::CallExpr>(statement);
    if (call == nullptr) return false;
    if (hands_on(call, visit)) return true;
    const auto* callee = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(call->getCallee()));
    return callee != nullptr && callee->getDecl() == visit && call->getNumArgs() > 0 &&
           is_type_pointer(call->getArg(0));
  });
}

bool releases_type(const clang::FunctionDecl* function) {
  if (function->getNumParams() < 1) return true;
  const clang::ParmVarDecl* self = function->getParamDecl(0);
  return any_below(function->getBody(), [&](const clang::Stmt* statement) {
    const auto* call = llvm::dyn_cast<clang::CallExpr>(statement);
    if (call == nullptr) return false;
    const std::string name = callee_name(call);
    const bool release = std::ranges::find(releases, name) != std::end(releases);
    if (release) return call->getNumArgs() > 0 && is_type_pointer(call->getArg(0));
    const auto* callee = llvm::dyn_cast_or_null<clang::MemberExpr>(strip(call->getCallee()));
    // The base's own tp_dealloc.
    if (callee != nullptr) return callee->getMemberDecl()->getName() == "tp_dealloc";
    // `free_my(self)`: what it does is not followed. tp_free does not release the type.
    return hands_on(call, self);
  });
}

SlotBody body_of(const clang::Expr* value, bool (*does)(const clang::FunctionDecl*)) {
  const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(value));
  const auto* named = reference == nullptr ? nullptr : llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl());
  const clang::FunctionDecl* function = named == nullptr ? nullptr : named->getDefinition();
  if (function == nullptr || function->getBody() == nullptr) return SlotBody::unknown;
  return does(function) ? SlotBody::does : SlotBody::does_not;
}

}  // namespace

std::optional<std::int64_t> TypeSpecReader::integer(const clang::Expr* value) const {
  clang::Expr::EvalResult result;
  if (value == nullptr || value->isValueDependent() || !value->EvaluateAsInt(result, ast_)) return std::nullopt;
  return result.Val.getInt().getExtValue();
}

void TypeSpecReader::read_slots(const clang::InitListExpr* slots, model::TypeSpec& spec) const {
  for (const clang::Expr* entry : slots->inits()) {
    const auto* row = llvm::dyn_cast<clang::InitListExpr>(entry);
    if (row == nullptr || row->getNumInits() < 2) continue;
    const auto id = integer(row->getInit(0));
    const std::string_view name = id && *id > 0 ? model::type_slot_name(static_cast<unsigned>(*id)) : "";
    if (name == "tp_base" || name == "tp_bases") spec.has_base = true;
    if (name == "tp_traverse") spec.traverse = body_of(row->getInit(1), visits_type);
    if (name == "tp_dealloc") spec.dealloc = body_of(row->getInit(1), releases_type);
  }
}

std::optional<model::TypeSpec> TypeSpecReader::read(const clang::VarDecl* variable) {
  if (!variable->hasGlobalStorage() || variable->getType()->isDependentType()) return std::nullopt;
  // A class declares what a file defines: the spec stands where its initialiser does.
  if (!variable->hasInit() || variable->getAnyInitializer() != variable->getInit()) return std::nullopt;
  // The struct has no tag; what the user writes is its typedef.
  const auto* alias = variable->getType()->getAs<clang::TypedefType>();
  if (alias == nullptr || alias->getDecl()->getName() != "PyType_Spec") return std::nullopt;
  const clang::InitListExpr* list = initialiser_list(variable);
  constexpr unsigned fields = 5;  // name, basicsize, itemsize, flags, slots
  if (list == nullptr || list->getNumInits() < fields) return std::nullopt;
  model::TypeSpec spec;
  spec.name = variable->getNameAsString();
  const auto* name = llvm::dyn_cast_or_null<clang::StringLiteral>(strip(list->getInit(0)));
  if (name != nullptr && name->isOrdinary()) spec.type_name = name->getString().str();
  if (const auto flags = integer(list->getInit(3))) spec.flags = static_cast<std::uint64_t>(*flags);
  const clang::VarDecl* slots = pointed_variable(list->getInit(4));
  if (const auto* rows = slots == nullptr ? nullptr : initialiser_list(slots)) read_slots(rows, spec);
  spec.where = places_.place(variable->getLocation(), nullptr);
  spec.generator = places_.generator(variable->getLocation());
  return spec;
}

}  // namespace isoaudit::analyzer
