#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Type.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// What Python thing a type is or holds, and through which member: {object_pointer, "cache.items"}.
struct PythonTypeAnswer {
  model::PythonType kind = model::PythonType::none;
  std::string member{};
};

/// Knows the types of one unit (rules.md 4.0, "Is a Python object" test). Looks through typedefs, arrays, pointers,
/// members of structs and unions, and template arguments of containers and smart pointers; when a struct holds several,
/// the worst is told.
class PythonTypes {
 public:
  /// `wrapper_classes`: what the user adds to the known ones; outlives this.
  PythonTypes(const clang::ASTContext& ast, const std::vector<std::string>& wrapper_classes)
      : ast_(ast), wrapper_classes_(wrapper_classes) {}

  PythonTypeAnswer classify(clang::QualType type);
  /// The same; where the type holds nothing, what it or one of its members points to is asked as well: a thread's own
  /// memory is as much the thread's as the pointer is.
  PythonTypeAnswer classify_with_pointee(clang::QualType type);
  /// Begins with PyObject_HEAD, or is one of the structs that all objects begin with.
  bool is_object_record(const clang::RecordDecl* record);

 private:
  PythonTypeAnswer classify_record(const clang::RecordDecl* record, unsigned depth);
  PythonTypeAnswer classify(clang::QualType type, unsigned depth);

  bool is_wrapper(const clang::RecordDecl* record) const;

  const clang::ASTContext& ast_;
  const std::vector<std::string>& wrapper_classes_;
  std::unordered_map<const clang::RecordDecl*, PythonTypeAnswer> known_{};
};

/// No part of an object of this type can be written without a cast: `char *const` is, `const char *` is not; a class
/// with a mutable member is not; of a reference, what it refers to counts.
bool is_deeply_const(clang::QualType type);

}  // namespace isoaudit::analyzer
