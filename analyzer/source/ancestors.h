#pragma once

#include <clang/AST/Decl.h>
#include <clang/AST/Expr.h>
#include <clang/AST/Stmt.h>
#include <llvm/ADT/PointerUnion.h>

#include <vector>

namespace isoaudit::analyzer {

/// The way from the unit down to the node that is being visited, which is the last.
using Node = llvm::PointerUnion<const clang::Stmt*, const clang::Decl*>;
using Ancestors = std::vector<Node>;

template <typename T>
const T* node_as(Node node) {
  if constexpr (std::is_base_of_v<clang::Decl, T>) {
    const auto* declaration = node.dyn_cast<const clang::Decl*>();
    return declaration == nullptr ? nullptr : llvm::dyn_cast<T>(declaration);
  } else {
    const auto* statement = node.dyn_cast<const clang::Stmt*>();
    return statement == nullptr ? nullptr : llvm::dyn_cast<T>(statement);
  }
}

}  // namespace isoaudit::analyzer
