#include "analyzer/source/storage.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>
#include <llvm/Support/raw_ostream.h>

#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

model::Linkage linkage_of(const clang::VarDecl* variable) {
  if (variable->isStaticLocal()) return model::Linkage::none;
  return variable->isExternallyVisible() ? model::Linkage::external : model::Linkage::internal;
}

model::Storage storage_of(const clang::VarDecl* variable) {
  if (variable->isStaticLocal()) return model::Storage::function_local;
  return variable->isStaticDataMember() ? model::Storage::class_member : model::Storage::file_scope;
}

/// "PyMethodDef[]": no qualifiers of its own, no struct keyword, no array sizes.
std::string canonical_type(clang::QualType type, const clang::ASTContext& ast) {
  std::string dimensions;
  type = type.getCanonicalType();
  while (const clang::ArrayType* array = ast.getAsArrayType(type)) {
    dimensions += "[]";
    type = array->getElementType();
  }
  clang::PrintingPolicy policy(ast.getLangOpts());
  policy.SuppressTagKeyword = true;
  policy.PrintCanonicalTypes = true;
  policy.AnonymousTagLocations = false;  // absolute paths
  return type.getUnqualifiedType().getAsString(policy) + dimensions;
}

bool is_atomic_type(clang::QualType type, const clang::ASTContext& ast) {
  type = ast.getBaseElementType(type).getCanonicalType();
  if (type->isAtomicType()) return true;
  const clang::CXXRecordDecl* record = type->getAsCXXRecordDecl();
  return record != nullptr && record->isInStdNamespace() && record->getIdentifier() != nullptr &&
         record->getName().starts_with("atomic");
}

/// `std::map<int, int> m;` has an initialiser in the tree, but none in the source.
bool is_written_initialiser(const clang::VarDecl* variable) {
  const clang::Expr* init = variable->getInit();
  if (init == nullptr) return false;
  const auto* construct = llvm::dyn_cast<clang::CXXConstructExpr>(init->IgnoreImplicit());
  return construct == nullptr || construct->getNumArgs() != 0 || construct->getParenOrBraceRange().isValid();
}

}  // namespace

const clang::VarDecl* identity(const clang::VarDecl* variable) {
  if (const clang::VarDecl* pattern = variable->getTemplateInstantiationPattern()) variable = pattern;
  return variable->getCanonicalDecl();
}

std::string Storage::linkage_name(const clang::NamedDecl* declaration) {
  if (declaration->getIdentifier() == nullptr && !llvm::isa<clang::FunctionDecl>(declaration)) return {};
  if (declaration->isTemplated() || declaration->isInvalidDecl()) return {};
  if (!mangler_->shouldMangleDeclName(declaration)) return declaration->getNameAsString();
  std::string name;
  llvm::raw_string_ostream stream(name);
  clang::GlobalDecl object;
  if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(declaration)) {
    object = clang::GlobalDecl(constructor, clang::Ctor_Complete);
  } else if (const auto* destructor = llvm::dyn_cast<clang::CXXDestructorDecl>(declaration)) {
    object = clang::GlobalDecl(destructor, clang::Dtor_Complete);
  } else if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration)) {
    object = clang::GlobalDecl(function);
  } else if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration)) {
    object = clang::GlobalDecl(variable);
  } else {
    return {};
  }
  mangler_->mangleName(object, stream);
  return name;
}

void Storage::describe_type(model::Variable& variable, clang::QualType type) {
  clang::PrintingPolicy policy(ast_.getLangOpts());
  policy.AnonymousTagLocations = false;
  variable.type = type.getAsString(policy);
  variable.canonical_type = canonical_type(type, ast_);
  const PythonTypeAnswer python = variable.is_thread_local ? types_.classify_with_pointee(type) : types_.classify(type);
  variable.python_type = python.kind;
  if (!python.member.empty()) variable.type += " (member " + python.member + ")";
  variable.is_const = is_deeply_const(type);
  variable.is_atomic = is_atomic_type(type, ast_);
}

std::optional<model::Variable> Storage::describe(const clang::VarDecl* declaration,
                                                 const clang::FunctionDecl* function) {
  if (!declaration->hasGlobalStorage() || declaration->isInvalidDecl() || llvm::isa<clang::ParmVarDecl>(declaration) ||
      clang::isTemplateInstantiation(declaration->getTemplateSpecializationKind())) {
    return std::nullopt;
  }
  const auto kind = declaration->isThisDeclarationADefinition();
  if (kind == clang::VarDecl::DeclarationOnly) return std::nullopt;
  if (kind == clang::VarDecl::TentativeDefinition && declaration->getActingDefinition() != declaration) {
    return std::nullopt;
  }
  model::Variable variable;
  variable.name = declaration->getNameAsString();
  variable.qualified_name = declaration->getQualifiedNameAsString();
  variable.linkage_name = linkage_name(declaration);
  variable.is_thread_local = declaration->getTLSKind() != clang::VarDecl::TLS_None;
  describe_type(variable, declaration->getType());
  variable.is_const = variable.is_const || declaration->isConstexpr();
  variable.storage = storage_of(declaration);
  variable.linkage = linkage_of(declaration);
  variable.has_initialiser = is_written_initialiser(declaration);
  if (const clang::Expr* init = declaration->getInit();
      init != nullptr && ast_.getLangOpts().CPlusPlus && !init->isValueDependent()) {
    const bool at_run_time = !declaration->hasConstantInitialization();
    const clang::QualType element = ast_.getBaseElementType(declaration->getType());
    const clang::CXXRecordDecl* record = element->getAsCXXRecordDecl();
    variable.has_dynamic_init = record != nullptr && record->hasDefinition() &&
                                ((at_run_time && !element.isPODType(ast_)) || !record->hasTrivialDestructor());
    if (at_run_time) {
      const StoredExpression value = stored_expression(init, ast_, {});
      if (value.value == model::StoredValue::call) variable.initialiser_callee = value.callee;
    }
  }
  if (variable.python_type == model::PythonType::object_pointer ||
      variable.python_type == model::PythonType::type_pointer) {
    variable.holds_static = static_object_in(declaration->getInit());
  }
  if (variable.python_type == model::PythonType::none && declaration->getType()->isPointerType()) {
    const auto* target = llvm::dyn_cast_or_null<clang::VarDecl>(addressed(declaration->getInit()));
    const bool ours = target != nullptr && target->hasGlobalStorage() && places_.in_project(target->getLocation());
    if (ours) variable.points_to = target->getNameAsString();
  }
  variable.where = places_.place(declaration->getLocation(), function);
  variable.generator = places_.generator(declaration->getLocation());
  if (declaration->isStaticLocal()) variable.macro = places_.naming_macro(declaration->getLocation());
  return variable;
}

std::string Storage::static_object_in(const clang::Expr* initialiser) {
  if (initialiser == nullptr || initialiser->isValueDependent()) return {};
  if (const auto* list = llvm::dyn_cast<clang::InitListExpr>(initialiser)) {
    for (const clang::Expr* entry : list->inits()) {
      if (std::string found = static_object_in(entry); !found.empty()) return found;
    }
    return {};
  }
  const auto* target = llvm::dyn_cast_or_null<clang::VarDecl>(addressed(initialiser));
  if (target == nullptr || !target->hasGlobalStorage() || is_immortal(target)) return {};
  if (target->getType().isConstQualified() || !places_.in_project(target->getLocation())) return {};
  const model::PythonType kind = types_.classify(target->getType()).kind;
  const bool object = kind == model::PythonType::static_type || kind == model::PythonType::static_object;
  return object ? target->getNameAsString() : std::string();
}

model::Variable Storage::describe(const clang::CompoundLiteralExpr* literal, const std::string& owner) {
  model::Variable variable;
  variable.name = "(compound literal)";
  variable.qualified_name = owner.empty() ? variable.name : owner + " " + variable.name;
  describe_type(variable, literal->getType());
  variable.has_initialiser = true;
  variable.where = places_.place(literal->getBeginLoc(), nullptr);
  variable.generator = places_.generator(literal->getBeginLoc());
  return variable;
}

}  // namespace isoaudit::analyzer
