#include "analyzer/source/function_tables.h"

#include <clang/AST/Expr.h>

#include <algorithm>
#include <optional>

#include "analyzer/source/values.h"
#include "model/type_slots.h"

namespace isoaudit::analyzer {
namespace {

using model::RunsWhen;

class TableReader {
 public:
  TableReader(const clang::ASTContext& ast, std::string table, const FunctionInTable& found)
      : ast_(ast), table_(std::move(table)), found_(found) {}

  void read(const clang::Stmt* value, RunsWhen when, const std::string& how) {
    if (value == nullptr) return;
    if (const auto* list = llvm::dyn_cast<clang::InitListExpr>(value)) {
      read_list(list->isSemanticForm() || list->getSemanticForm() == nullptr ? list : list->getSemanticForm(), when,
                how);
    } else if (const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(value)) {
      const auto* function = llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl());
      if (function != nullptr) found_(function, when, how);
    } else if (const auto* call = llvm::dyn_cast<clang::CallExpr>(value)) {
      // What is called here runs when the initialiser does; what it gets may be called later.
      for (const clang::Expr* argument : call->arguments()) read(argument, RunsWhen::call, how);
    } else {
      for (const clang::Stmt* child : value->children()) read(child, when, how);
    }
  }

 private:
  void read_list(const clang::InitListExpr* list, RunsWhen when, const std::string& how) {
    const clang::RecordDecl* record =
        list->getType().isNull() ? nullptr : list->getType().getCanonicalType()->getAsRecordDecl();
    if (record == nullptr || list->getType()->isUnionType()) {
      for (const clang::Expr* entry : list->inits()) read(entry, when, how);
      return;
    }
    // PyType_Slot and PyType_Spec are typedefs of structs without a name.
    const clang::TypedefNameDecl* alias = record->getTypedefNameForAnonDecl();
    const std::string type = (alias != nullptr ? alias->getName() : record->getName()).str();
    unsigned index = 0;
    for (const clang::FieldDecl* field : record->fields()) {
      if (index >= list->getNumInits()) break;
      const clang::Expr* entry = list->getInit(index++);
      const auto [entry_when, entry_how] = meaning(type, field->getName(), list, when, how);
      read(entry, entry_when, entry_how);
    }
  }

  std::pair<RunsWhen, std::string> meaning(const std::string& type, llvm::StringRef field,
                                           const clang::InitListExpr* list, RunsWhen when,
                                           const std::string& how) const {
    if (type == "PyMethodDef") return {RunsWhen::call, "method " + quoted(list)};
    if (type == "PyGetSetDef") return {RunsWhen::call, (field == "set" ? "setter of " : "getter of ") + quoted(list)};
    if (type == "PyModuleDef") return {RunsWhen::finalise, field.str() + " of `" + table_ + "`"};
    if (type == "PyModuleDef_Slot" || type == "PySlot") return slot(list);
    if (type == "PyType_Slot") {
      const auto id = integer(list->getNumInits() > 0 ? list->getInit(0) : nullptr);
      const std::string_view name = id && *id > 0 ? model::type_slot_name(static_cast<unsigned>(*id)) : "";
      if (!name.empty()) return {RunsWhen::call, std::string(name) + " of `" + table_ + "`"};
    }
    if (field.starts_with("tp_") || field.starts_with("nb_") || field.starts_with("sq_") || field.starts_with("mp_") ||
        field.starts_with("am_") || field.starts_with("bf_")) {
      return {RunsWhen::call, field.str() + " of `" + table_ + "`"};
    }
    return {when, how};
  }

  /// Include/moduleobject.h and, from 3.15, Include/slots_generated.h.
  std::pair<RunsWhen, std::string> slot(const clang::InitListExpr* list) const {
    switch (integer(list->getNumInits() > 0 ? list->getInit(0) : nullptr).value_or(0)) {
      case 1:
      case 84: return {RunsWhen::exec, "Py_mod_create"};
      case 2:
      case 85: return {RunsWhen::exec, "Py_mod_exec"};
      case 104:
      case 105:
      case 106: return {RunsWhen::finalise, "the module's end"};
      default: return {RunsWhen::call, "table `" + table_ + "`"};
    }
  }

  std::optional<std::int64_t> integer(const clang::Expr* value) const {
    clang::Expr::EvalResult result;
    if (value == nullptr || value->isValueDependent() || !value->EvaluateAsRValue(result, ast_)) return std::nullopt;
    return result.Val.isInt() ? std::optional(result.Val.getInt().getExtValue()) : std::nullopt;
  }

  std::string quoted(const clang::InitListExpr* list) const {
    const auto* name =
        list->getNumInits() == 0 ? nullptr : llvm::dyn_cast_or_null<clang::StringLiteral>(strip(list->getInit(0)));
    return "`" + (name == nullptr || !name->isOrdinary() ? table_ : name->getString().str()) + "`";
  }

  const clang::ASTContext& ast_;
  std::string table_;
  const FunctionInTable& found_;
};

}  // namespace

void functions_in_table(const clang::VarDecl* variable, const clang::ASTContext& ast, const FunctionInTable& found) {
  const std::string name = variable->getNameAsString();
  TableReader(ast, name, found).read(variable->getInit(), RunsWhen::call, "table `" + name + "`");
}

}  // namespace isoaudit::analyzer
