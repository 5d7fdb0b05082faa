#include "analyzer/source/handed_callbacks.h"

#include <clang/AST/ExprCXX.h>

#include <algorithm>
#include <string_view>

#include "analyzer/source/values.h"
#include "model/c_api_name.h"

namespace isoaudit::analyzer {
namespace {

// Call what they get before they return, or start a thread: other rules' matter. POSIX, glibc; others with their
// source.
constexpr std::string_view at_once[] = {"bsearch", "qsort", "qsort_r", "lfind", "lsearch", "tsearch", "tfind", "twalk",
                                        "ftw", "nftw", "scandir", "glob", "pthread_once", "pthread_create",
                                        "thrd_create", "call_once",
                                        // libxml2: hash.h, list.h
                                        "xmlHashScan", "xmlHashScan3", "xmlHashScanFull", "xmlHashScanFull3",
                                        "xmlHashCopy", "xmlHashFree", "xmlListReverseWalk", "xmlListWalk"};

const clang::FunctionDecl* function_in(const clang::Expr* argument) {
  const clang::Expr* bare = strip(argument);
  if (const auto* address = llvm::dyn_cast_or_null<clang::UnaryOperator>(bare)) {
    if (address->getOpcode() == clang::UO_AddrOf) bare = strip(address->getSubExpr());
  }
  const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(bare);
  return reference == nullptr ? nullptr : llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl());
}

/// `handle`, `self->handle`, `&self->parser`: a pointer to something of a library, not of Python, that lies in no
/// static.
bool is_own_handle(const clang::Expr* argument, PythonTypes& types, SourcePlaces& places) {
  const clang::QualType pointee = argument->getType()->getPointeeType();
  if (pointee.isNull() || pointee->isFunctionType() || pointee->isVoidType() || pointee->isAnyCharacterType())
    return false;
  if (types.classify(argument->getType()).kind != model::PythonType::none) return false;
  const clang::RecordDecl* record = pointee->getAsRecordDecl();
  if (record == nullptr || places.in_project(record->getLocation())) return false;
  for (const clang::Expr* part = strip(argument); part != nullptr;) {
    if (const auto* member = llvm::dyn_cast<clang::MemberExpr>(part)) {
      part = strip(member->getBase());
    } else if (const auto* element = llvm::dyn_cast<clang::ArraySubscriptExpr>(part)) {
      part = strip(element->getBase());
    } else if (const auto* operation = llvm::dyn_cast<clang::UnaryOperator>(part)) {
      part = strip(operation->getSubExpr());
    } else {
      const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(part);
      const auto* variable = reference == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
      return llvm::isa<clang::CXXThisExpr>(part) || (variable != nullptr && !variable->hasGlobalStorage());
    }
  }
  return false;
}

}  // namespace

std::optional<model::HandedCallback> handed_callback(const clang::CallExpr* call, const clang::FunctionDecl* inside,
                                                     PythonTypes& types, SourcePlaces& places) {
  const auto* callee = llvm::dyn_cast_or_null<clang::FunctionDecl>(call->getCalleeDecl());
  if (callee == nullptr || callee->getIdentifier() == nullptr) return std::nullopt;
  const llvm::StringRef name = callee->getName();
  if (model::is_c_api_name(name) || !callee->isExternC() ||
      std::ranges::find(at_once, std::string_view(name)) != std::end(at_once) ||
      places.in_project(callee->getCanonicalDecl()->getLocation())) {
    return std::nullopt;
  }
  const clang::FunctionDecl* callback = nullptr;
  bool object = false;
  bool on_own_handle = false;
  for (const clang::Expr* argument : call->arguments()) {
    const clang::FunctionDecl* function = function_in(argument);
    if (function != nullptr && places.in_project(function->getCanonicalDecl()->getLocation())) callback = function;
    const clang::Expr* bare = strip(argument);
    on_own_handle = on_own_handle || is_own_handle(argument, types, places);
    object = object || (bare != nullptr && types.classify(bare->getType()).kind == model::PythonType::object_pointer);
  }
  if (callback == nullptr || !object) return std::nullopt;
  return model::HandedCallback{
      name.str(), callback->getNameAsString(), places.users_place(call->getBeginLoc(), inside), {}, on_own_handle};
}

}  // namespace isoaudit::analyzer
