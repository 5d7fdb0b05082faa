#include "analyzer/source/function_ids.h"

#include <clang/AST/DeclCXX.h>

namespace isoaudit::analyzer {

const std::string& FunctionIds::of(const clang::FunctionDecl* function) {
  const auto [known, is_new] = known_.try_emplace(function->getCanonicalDecl());
  if (!is_new) return known->second;
  const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(function);
  const bool several = function->isTemplated() || function->getTemplateInstantiationPattern() != nullptr ||
                       (method != nullptr && method->isVirtual());
  if (several) return known->second;
  known->second = storage_.linkage_name(function);
  if (!function->isExternallyVisible() && !known->second.empty()) known->second.insert(0, 1, '@');
  return known->second;
}

std::string program_id(std::size_t unit, const std::string& id) {
  return id.starts_with('@') ? std::to_string(unit) + id : id;
}

}  // namespace isoaudit::analyzer
