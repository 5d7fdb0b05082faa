#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>

#include <functional>
#include <string>

#include "model/source_facts.h"

namespace isoaudit::analyzer {

/// Called for every function that an initialiser names: when it runs through that table, and how to call that
/// ("method `lookup`", "tp_new of `Point_Type`").
using FunctionInTable =
    std::function<void(const clang::FunctionDecl* function, model::RunsWhen when, const std::string& how)>;

/// Reads the initialiser of a variable with static storage: PyMethodDef, PyModuleDef, slots, types, any other table.
void functions_in_table(const clang::VarDecl* variable, const clang::ASTContext& ast, const FunctionInTable& found);

}  // namespace isoaudit::analyzer
