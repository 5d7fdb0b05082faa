#include "analyzer/source/api_uses.h"

#include <algorithm>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

// Reference counting and type tests are on every other line, and no rule can ask for them.
constexpr std::string_view everywhere[] = {"Py_DECREF", "Py_INCREF",  "Py_IS_TYPE", "Py_NewRef",  "Py_REFCNT",
                                           "Py_SIZE",   "Py_TYPE",    "Py_XDECREF", "Py_XINCREF", "Py_XNewRef",
                                           "Py_Is",     "_Py_NewRef", "_Py_XNewRef"};

}  // namespace

void ApiUseCollector::named(const clang::FunctionDecl* function, clang::SourceLocation location,
                            const clang::FunctionDecl* inside) {
  // A C++ library's functions have no C name: no rule knows them.
  if (function->getIdentifier() == nullptr || !function->getDeclContext()->getRedeclContext()->isTranslationUnit())
    return;
  const llvm::StringRef name = function->getName();
  if (name.starts_with("__builtin_") || std::ranges::find(everywhere, std::string_view(name)) != std::end(everywhere)) {
    return;
  }
  // Implicitly declared ones are located at their first use.
  const bool implicit = function->isImplicit();
  if (!implicit && places_.in_project(function->getCanonicalDecl()->getLocation())) return;
  add(function, location, inside);
}

void ApiUseCollector::named(const clang::VarDecl* variable, clang::SourceLocation location,
                            const clang::FunctionDecl* inside, bool read) {
  if (variable->getIdentifier() == nullptr || !variable->getDeclContext()->getRedeclContext()->isTranslationUnit() ||
      places_.in_project(variable->getCanonicalDecl()->getLocation())) {
    return;
  }
  // None, the exceptions and the built-in types are on every other line, and may be.
  const llvm::StringRef name = variable->getName();
  if (name.starts_with("PyExc_") || name.starts_with("_Py") || name.ends_with("_Type")) return;
  add(variable, location, inside, read);
}

void ApiUseCollector::add(const clang::NamedDecl* declaration, clang::SourceLocation location,
                          const clang::FunctionDecl* inside, bool read) {
  model::ApiUse use{declaration->getName().str(), places_.place(location, inside), {}};
  use.read = read;
  use.where.column = 0;  // one for each line
  found_.insert(std::move(use));
}

std::vector<model::ApiUse> ApiUseCollector::finish(const std::string& unit) const {
  std::vector<model::ApiUse> uses(found_.begin(), found_.end());
  for (model::ApiUse& use : uses) use.unit = unit;
  return uses;
}

}  // namespace isoaudit::analyzer
