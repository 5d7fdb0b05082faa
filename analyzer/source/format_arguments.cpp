#include "analyzer/source/format_arguments.h"

#include "analyzer/source/values.h"

namespace isoaudit::analyzer {

std::optional<FormatArgument> format_argument(const clang::CallExpr* call, unsigned index) {
  const auto* callee = llvm::dyn_cast_or_null<clang::FunctionDecl>(call->getCalleeDecl());
  if (callee == nullptr || callee->getIdentifier() == nullptr) return std::nullopt;
  const FormatFunction* function = format_function(callee->getName());
  if (function == nullptr || index < function->arguments || call->getNumArgs() <= index) return std::nullopt;
  const auto* format = llvm::dyn_cast_or_null<clang::StringLiteral>(strip(call->getArg(function->format)));
  if (format == nullptr || !format->isOrdinary()) return std::nullopt;
  const auto uses = format_uses(format->getString(), function->parses);
  const unsigned place = index - function->arguments;
  // More arguments than the format speaks of are not looked at.
  if (!uses) return std::nullopt;
  if (place >= uses->size()) return FormatArgument{};
  FormatArgument argument{(*uses)[place]};
  if (argument.use == FormatUse::converted) {
    const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(call->getArg(index - 1)));
    argument.converter = reference == nullptr ? nullptr : llvm::dyn_cast<clang::FunctionDecl>(reference->getDecl());
    argument.parameter = function->parses ? 1 : 0;  // converter(object, address), converter(address)
  }
  return argument;
}

}  // namespace isoaudit::analyzer
