#include "analyzer/source/api_effects.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <algorithm>
#include <string_view>

#include "analyzer/tables/locks.h"
#include "analyzer/tables/parameters.h"
#include "model/c_api_name.h"

namespace isoaudit::analyzer {
namespace {

// Parameters that are pointers to non-const, yet only read or kept (docs.python.org, C API reference).
constexpr std::string_view reading_functions[] = {
    "PyArg_ParseTupleAndKeywords",  // kwlist; the outputs are variadic and judged apart
    "PyArg_VaParseTupleAndKeywords",
    "PyCFunction_New",
    "PyCFunction_NewEx",
    "PyCMethod_New",
    "PyDescr_NewClassMethod",
    "PyDescr_NewGetSet",
    "PyDescr_NewMember",
    "PyDescr_NewMethod",
    "PyDescr_NewWrapper",
    "PyModule_AddFunctions",
    "PyModule_Create2",
    "PyModule_FromDefAndSpec2",
    "PyModuleDef_Init",
    "PyModule_ExecDef",
    "PyState_FindModule",
    "PyState_AddModule",
    "PyState_RemoveModule",
    "PyType_GetModuleByDef",
    "PyStructSequence_NewType",
    "PyType_FromMetaclass",
    "PyType_FromModuleAndSpec",
    "PyType_FromSpec",
    "PyType_FromSpecWithBases",
    "PyCapsule_New",
    "PyCapsule_SetContext",
    "_PyArg_ParseStackAndKeywords",
    "_PyArg_ParseTupleAndKeywordsFast",
    "_PyArg_UnpackKeywords",
    "_PyArg_UnpackKeywordsWithVararg",
    "_PyArg_VaParseTupleAndKeywordsFast",
    "_PyUnicode_FromId",
    "_PyObject_GetAttrId",
    "execv",
    "execve",
    "execvp",
    "getenv",
    "puts",
};

// Take a PyObject * or PyTypeObject * and write the object's own fields.
constexpr std::string_view object_writers[] = {
    "PyType_Ready",
    "PyModule_AddType",
    "PyStructSequence_InitType",
    "PyStructSequence_InitType2",
    "_PyStructSequence_InitType",
    "_PyStructSequence_InitBuiltin",
    "PyObject_Init",
    "PyObject_InitVar",
    "Py_SET_TYPE",
    "Py_SET_REFCNT",
    "Py_SET_SIZE",
    "PyType_Modified",
    "PyUnstable_Object_EnableDeferredRefcount",
};

// Variadic functions whose extra arguments are written through; those of all others are formatted or handed on.
constexpr std::string_view variadic_writers[] = {
    "PyArg_Parse", "PyArg_UnpackTuple", "_PyArg_Parse",  "_PyArg_Unpack", "scanf", "sscanf", "fscanf", "ioctl",
    "fcntl",       "curl_easy_getinfo", "sqlite3_config"};

template <std::size_t N>
bool contains(const std::string_view (&table)[N], llvm::StringRef name) {
  return std::ranges::find(table, std::string_view(name)) != std::end(table);
}

bool is_object_type(clang::QualType pointee) {
  const clang::RecordDecl* record = pointee.getCanonicalType()->getAsRecordDecl();
  if (record == nullptr) return false;
  const llvm::StringRef name = record->getName();
  return name == "_object" || name == "PyObject" || name == "_typeobject" || name == "PyTypeObject";
}

llvm::StringRef plain_name(const clang::FunctionDecl* function) {
  return function != nullptr && function->getIdentifier() != nullptr ? function->getName() : llvm::StringRef();
}

Effect effect_of_type(clang::QualType type, const clang::FunctionDecl* callee) {
  if (type->isReferenceType()) return type.getNonReferenceType().isConstQualified() ? Effect::none : Effect::writes;
  if (!type->isPointerType()) return Effect::none;
  const clang::QualType pointee = type->getPointeeType();
  if (pointee.isConstQualified()) return Effect::none;
  if (pointee->isFunctionType()) return Effect::none;
  const llvm::StringRef name = plain_name(callee);
  if (contains(reading_functions, name)) return Effect::shares;
  // The API counts references and looks things up in an object that it gets; that is use, not a store to the variable.
  if (model::is_c_api_name(name) && is_object_type(pointee) && !contains(object_writers, name)) return Effect::shares;
  return Effect::writes;
}

Effect effect_of_variadic(const clang::FunctionDecl* callee) {
  const llvm::StringRef name = plain_name(callee);
  if (name.empty()) return Effect::writes;
  const bool writes =
      std::ranges::any_of(variadic_writers, [&](std::string_view prefix) { return name.starts_with(prefix); });
  if (writes) return Effect::writes;
  const bool formats = name.contains("printf") || name.contains("Format") || name.contains("BuildValue") ||
                       model::is_c_api_name(name) || name.contains("syslog") || name.starts_with("exec");
  return formats ? Effect::none : Effect::writes;
}

}  // namespace

Effect effect_on_argument(const clang::CallExpr* call, unsigned index) {
  const auto* callee = llvm::dyn_cast_or_null<clang::FunctionDecl>(call->getCalleeDecl());
  if (callee != nullptr) {
    // A member operator's first argument is the object itself: its caller looks at that.
    if (llvm::isa<clang::CXXOperatorCallExpr>(call) && llvm::isa<clang::CXXMethodDecl>(callee)) {
      if (index == 0) return Effect::none;
      --index;
    }
    if (index < callee->getNumParams()) return effect_of_type(callee->getParamDecl(index)->getType(), callee);
    return effect_of_variadic(callee);
  }
  const clang::QualType type = call->getCallee()->getType();
  if (type->isPointerType()) {
    if (const auto* prototype = type->getPointeeType()->getAs<clang::FunctionProtoType>()) {
      if (index < prototype->getNumParams()) return effect_of_type(prototype->getParamType(index), nullptr);
    }
  }
  return Effect::writes;
}

std::optional<Effect> effect_by_name(const clang::CallExpr* call, unsigned index, SourcePlaces& places) {
  const auto* callee = llvm::dyn_cast_or_null<clang::FunctionDecl>(call->getCalleeDecl());
  const llvm::StringRef name = plain_name(callee);
  if (name.empty() || !callee->getDeclContext()->getRedeclContext()->isTranslationUnit()) return std::nullopt;
  // What a lock writes of itself is its own to guard, CPython's locks in CPython's sources too.
  if (lock_taken_by(name) != nullptr || releases_any(name)) return Effect::none;
  if (model::is_c_api_name(name) || places.in_project(callee->getCanonicalDecl()->getLocation())) return std::nullopt;
  switch (parameter_use(name, index)) {
    case ParameterUse::not_written: return Effect::none;
    case ParameterUse::written: return Effect::writes;
    case ParameterUse::atomically:
    case ParameterUse::counted:
    case ParameterUse::handed_back:
    case ParameterUse::kept:
    case ParameterUse::unknown: break;
  }
  return std::nullopt;
}

Effect effect_on_argument(const clang::CXXConstructExpr* construct, unsigned index) {
  const clang::CXXConstructorDecl* constructor = construct->getConstructor();
  if (index >= constructor->getNumParams()) return Effect::writes;
  return effect_of_type(constructor->getParamDecl(index)->getType(), constructor);
}

}  // namespace isoaudit::analyzer
