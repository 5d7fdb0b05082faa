#include "analyzer/source/python_types.h"

#include <clang/AST/DeclCXX.h>
#include <clang/AST/DeclTemplate.h>

#include <algorithm>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

using model::PythonType;

// Deeper nesting than this is the standard library's own machinery.
constexpr unsigned max_depth = 8;

// C++ classes that own a Python object and show no PyObject * of their own where they are used. Sub-classes count.
constexpr std::string_view wrappers[] = {
    "pybind11::handle",                        // pybind11/pytypes.h: base of object, dict, list ...
    "nanobind::handle",                        // nanobind/nb_types.h
    "boost::python::api::object_base",         // boost/python/object_core.hpp
    "boost::python::handle",                   // boost/python/handle.hpp
    "Py::Object",                              // PyCXX
    "Py::SeqBase",                             // PyCXX
    "cppy::ptr",                               // cppy/ptr.h
    "Shiboken::AutoDecRef",                    // Shiboken/autodecref.h
    "PyRef",                                   // convention of several projects
    "PyObjectPtr",                             // convention of several projects
    "PyObjectHandle",                          // convention of several projects
    "OwnedRef",                                // arrow/python/common.h
    "arrow::py::OwnedRef",                     // arrow/python/common.h
    "THPObjectPtr",                            // torch/csrc/utils/object_ptr.h
    "pybind11::gil_safe_call_once_and_store",  // holds a py::object by construction
};

/// Rank for "the worst is told".
int severity(PythonType type) {
  switch (type) {
    case PythonType::static_type: return 6;
    case PythonType::static_object: return 5;
    case PythonType::type_pointer: return 4;
    case PythonType::object_pointer: return 3;
    case PythonType::wrapper: return 2;
    case PythonType::state_pointer: return 1;
    case PythonType::none: return 0;
  }
  return 0;
}

void keep_worst(PythonTypeAnswer& worst, const PythonTypeAnswer& other, const std::string& member) {
  if (severity(other.kind) <= severity(worst.kind)) return;
  worst.kind = other.kind;
  worst.member = other.member.empty() ? member : member.empty() ? other.member : member + "." + other.member;
}

bool is_state(const clang::RecordDecl* record) {
  const llvm::StringRef name = record->getName();
  return name == "_ts" || name == "_is" || name == "PyThreadState" || name == "PyInterpreterState";
}

const clang::RecordDecl* record_of(clang::QualType type) {
  const clang::RecordDecl* record = type->getAsRecordDecl();
  if (record == nullptr) return nullptr;
  const clang::RecordDecl* definition = record->getDefinition();
  return definition != nullptr ? definition : record;
}

/// A type, or a struct that begins with one: PyHeapTypeObject, a metaclass's instances.
bool is_type_object(const clang::RecordDecl* record) {
  for (unsigned depth = 0; record != nullptr && depth < max_depth; ++depth) {
    const llvm::StringRef name = record->getName();
    if (name == "_typeobject" || name == "PyTypeObject" || name == "_heaptypeobject") return true;
    if (!record->isCompleteDefinition() || record->isUnion() || record->field_empty()) return false;
    const clang::QualType first = record->field_begin()->getType();
    record = first->isRecordType() ? record_of(first) : nullptr;
  }
  return false;
}

}  // namespace

bool PythonTypes::is_wrapper(const clang::RecordDecl* record) const {
  const auto* cxx = llvm::dyn_cast<clang::CXXRecordDecl>(record);
  if (cxx == nullptr) return false;
  const std::string name = cxx->getQualifiedNameAsString();
  if (std::ranges::find(wrappers, name) != std::end(wrappers)) return true;
  if (std::ranges::find(wrapper_classes_, name) != wrapper_classes_.end()) return true;
  if (!cxx->hasDefinition()) return false;
  return std::ranges::any_of(cxx->bases(), [&](const clang::CXXBaseSpecifier& base) {
    const clang::CXXRecordDecl* parent = base.getType()->getAsCXXRecordDecl();
    return parent != nullptr && is_wrapper(parent);
  });
}

bool PythonTypes::is_object_record(const clang::RecordDecl* record) {
  for (unsigned depth = 0; record != nullptr && depth < max_depth; ++depth) {
    const llvm::StringRef name = record->getName();
    if (name == "_object" || name == "PyObject" || name == "PyVarObject" || is_type_object(record)) return true;
    // PyVarObject has no tag in some versions: the typedef names it.
    if (const clang::TypedefNameDecl* alias = record->getTypedefNameForAnonDecl()) {
      if (alias->getName() == "PyVarObject") return true;
    }
    if (!record->isCompleteDefinition() || record->isUnion()) return false;
    if (const auto* cxx = llvm::dyn_cast<clang::CXXRecordDecl>(record); cxx != nullptr && cxx->getNumBases() != 0) {
      record = record_of(cxx->bases_begin()->getType());  // struct Foo : PyObject
      continue;
    }
    if (record->field_empty()) return false;
    const clang::QualType first = record->field_begin()->getType();
    record = first->isRecordType() ? record_of(first) : nullptr;
  }
  return false;
}

PythonTypeAnswer PythonTypes::classify(clang::QualType type) { return classify(type, 0); }

PythonTypeAnswer PythonTypes::classify_with_pointee(clang::QualType type) {
  PythonTypeAnswer worst = classify(type);
  if (worst.kind != PythonType::none) return worst;
  const auto look_behind = [&](clang::QualType pointer, const std::string& member) {
    const clang::RecordDecl* record = pointer->isPointerType() ? record_of(pointer->getPointeeType()) : nullptr;
    if (record == nullptr || !record->isCompleteDefinition()) return;
    PythonTypeAnswer held = classify_record(record, 0);
    // What lies in that memory is no static object.
    if (held.kind == PythonType::static_object || held.kind == PythonType::static_type) {
      held.kind = PythonType::object_pointer;
    }
    keep_worst(worst, held, member);
  };
  look_behind(type, {});
  if (const clang::RecordDecl* record = record_of(type); record != nullptr && record->isCompleteDefinition()) {
    for (const clang::FieldDecl* field : record->fields()) look_behind(field->getType(), field->getNameAsString());
  }
  return worst;
}

PythonTypeAnswer PythonTypes::classify(clang::QualType type, unsigned depth) {
  if (type.isNull() || depth > max_depth) return {};
  type = type.getCanonicalType();
  while (const clang::ArrayType* array = ast_.getAsArrayType(type)) type = array->getElementType();
  type = type.getNonReferenceType();
  if (const auto* atomic = type->getAs<clang::AtomicType>()) type = atomic->getValueType();
  bool pointer = false;
  while (type->isPointerType()) {
    type = type->getPointeeType();
    pointer = true;
    while (const clang::ArrayType* array = ast_.getAsArrayType(type)) type = array->getElementType();
  }
  const clang::RecordDecl* record = record_of(type);
  if (record == nullptr) return {};
  if (pointer) {
    if (is_type_object(record)) return {PythonType::type_pointer, {}};
    if (is_state(record)) return {PythonType::state_pointer, {}};
    if (is_object_record(record)) return {PythonType::object_pointer, {}};
    return is_wrapper(record) ? PythonTypeAnswer{PythonType::wrapper, {}} : PythonTypeAnswer{};
  }
  return classify_record(record, depth);
}

PythonTypeAnswer PythonTypes::classify_record(const clang::RecordDecl* record, unsigned depth) {
  if (is_type_object(record)) return {PythonType::static_type, {}};
  if (is_object_record(record)) return {PythonType::static_object, {}};
  if (is_wrapper(record)) return {PythonType::wrapper, {}};
  // An allocator of objects holds none.
  const auto* cxx_record = llvm::dyn_cast<clang::CXXRecordDecl>(record);
  if (cxx_record != nullptr && cxx_record->hasDefinition() && cxx_record->isEmpty()) return {};
  if (const auto known = known_.find(record); known != known_.end()) return known->second;
  known_[record] = {};  // a struct that reaches itself holds nothing new
  PythonTypeAnswer worst;
  if (const auto* instance = llvm::dyn_cast<clang::ClassTemplateSpecializationDecl>(record)) {
    for (const clang::TemplateArgument& argument : instance->getTemplateArgs().asArray()) {
      if (argument.getKind() != clang::TemplateArgument::Type) continue;
      PythonTypeAnswer held = classify(argument.getAsType(), depth + 1);
      // std::unique_ptr<PyObject, Deleter> holds a pointer.
      if (held.kind == PythonType::static_object) held = {PythonType::object_pointer, {}};
      if (held.kind == PythonType::static_type) held = {PythonType::type_pointer, {}};
      keep_worst(worst, {held.kind, {}}, {});
    }
  }
  if (record->isCompleteDefinition()) {
    if (const auto* cxx = llvm::dyn_cast<clang::CXXRecordDecl>(record)) {
      for (const clang::CXXBaseSpecifier& base : cxx->bases())
        keep_worst(worst, classify(base.getType(), depth + 1), {});
    }
    for (const clang::FieldDecl* field : record->fields()) {
      keep_worst(worst, classify(field->getType(), depth + 1), field->getNameAsString());
    }
  }
  return known_[record] = worst;
}

bool is_deeply_const(clang::QualType type) {
  type = type.getCanonicalType().getNonReferenceType();
  bool is_const = type.isConstQualified();
  while (const clang::ArrayType* array = type->getAsArrayTypeUnsafe()) {
    type = array->getElementType();
    is_const = is_const || type.isConstQualified();
  }
  const clang::CXXRecordDecl* record = type->getAsCXXRecordDecl();
  // An allocator, a tag: there is nothing in it to write.
  if (record != nullptr && record->hasDefinition() && record->isEmpty()) return true;
  if (!is_const) return false;
  return record == nullptr || !record->hasDefinition() || !record->hasMutableFields();
}

}  // namespace isoaudit::analyzer
