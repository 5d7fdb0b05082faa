#include "analyzer/source/api_uses.h"

#include <clang/AST/Attr.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/ExprCXX.h>

#include <algorithm>
#include <string_view>

#include "analyzer/source/local_mentions.h"
#include "analyzer/source/values.h"
#include "analyzer/tables/locks.h"

namespace isoaudit::analyzer {
namespace {

// Reference counting and type tests are on every other line, and no rule can ask for them.
constexpr std::string_view everywhere[] = {"Py_DECREF", "Py_INCREF",  "Py_IS_TYPE", "Py_NewRef",  "Py_REFCNT",
                                           "Py_SIZE",   "Py_TYPE",    "Py_XDECREF", "Py_XINCREF", "Py_XNewRef",
                                           "Py_Is",     "_Py_NewRef", "_Py_XNewRef"};

// Longer texts are messages and programs, no names; of exceptions' messages only what they say tells why.
constexpr std::size_t longest_name = 40;
constexpr std::size_t longest_message = 200;

bool raises(std::string_view function) { return function == "PyErr_SetString" || function == "PyErr_Format"; }

/// The texts among the arguments of the call whose callee the last node is.
std::vector<std::string> literals_of_call(const Ancestors& ancestors) {
  constexpr std::size_t callee_depth = 3;  // the call, the decay of the function to a pointer, its name
  std::vector<std::string> literals;
  if (ancestors.size() < callee_depth) return literals;
  const auto* call = node_as<clang::CallExpr>(ancestors[ancestors.size() - callee_depth]);
  if (call == nullptr || Node(static_cast<const clang::Stmt*>(call->getCallee())) != ancestors[ancestors.size() - 2]) {
    return literals;
  }
  for (const clang::Expr* argument : call->arguments()) {
    const auto* literal = llvm::dyn_cast_or_null<clang::StringLiteral>(strip(argument));
    if (literal == nullptr || !literal->isOrdinary()) continue;
    if (literal->getLength() > (raises(callee_name(call)) ? longest_message : longest_name)) continue;
    literals.push_back(literal->getString().str());
  }
  return literals;
}

/// A lambda that std::call_once or its like runs, or the initialiser of a function's static, which C++ runs under a
/// lock.
std::string once_around(const Ancestors& ancestors) {
  bool in_lambda = false;
  for (std::size_t at = ancestors.size(); at-- > 0;) {
    in_lambda = in_lambda || node_as<clang::LambdaExpr>(ancestors[at]) != nullptr;
    if (const auto* call = node_as<clang::CallExpr>(ancestors[at]); call != nullptr && in_lambda) {
      if (std::string callee = callee_name(call); calls_once(callee)) return callee;
    }
    const auto* variable = node_as<clang::VarDecl>(ancestors[at]);
    if (variable != nullptr && variable->isStaticLocal() && variable->getASTContext().getLangOpts().CPlusPlus) {
      return "the initialiser of `" + variable->getNameAsString() + "`";
    }
  }
  return {};
}

/// What is asked of the pointer that a call returns, where nothing else is done with it.
enum class Asked {
  no,
  whether_null,  ///< `!call()`, `call() == NULL`, `if (call())`
  which,         ///< `call() == other`, or a local that holds it is all that is compared
};

/// The last node is the callee of the call.
Asked asked_of_result(const Ancestors& ancestors) {
  constexpr std::size_t callee_depth = 3;
  if (ancestors.size() <= callee_depth) return Asked::no;
  std::size_t at = ancestors.size() - callee_depth;
  const auto* call = node_as<clang::CallExpr>(ancestors[at]);
  if (call == nullptr || !call->getType()->isPointerType()) return Asked::no;
  while (at-- > 0) {
    if (node_as<clang::ParenExpr>(ancestors[at]) != nullptr) continue;
    if (const auto* cast = node_as<clang::ImplicitCastExpr>(ancestors[at])) {
      if (cast->getCastKind() == clang::CK_PointerToBoolean) return Asked::whether_null;
      continue;
    }
    break;
  }
  if (at >= ancestors.size()) return Asked::no;
  if (const auto* local = node_as<clang::VarDecl>(ancestors[at])) {
    return is_only_compared(local) ? Asked::which : Asked::no;
  }
  if (const auto* operation = node_as<clang::UnaryOperator>(ancestors[at])) {
    return operation->getOpcode() == clang::UO_LNot ? Asked::whether_null : Asked::no;
  }
  if (const auto* operation = node_as<clang::BinaryOperator>(ancestors[at])) {
    if (operation->isLogicalOp()) return Asked::whether_null;
    if (!operation->isEqualityOp()) return Asked::no;
    const bool with_null = is_null(strip(operation->getLHS())) || is_null(strip(operation->getRHS()));
    return with_null ? Asked::whether_null : Asked::which;
  }
  // The condition of a loop or a choice; C has no cast there.
  const Node below = ancestors[at + 1];
  const auto is_condition = [&](const auto* statement) {
    return statement != nullptr && Node(static_cast<const clang::Stmt*>(statement->getCond())) == below;
  };
  const bool decides = is_condition(node_as<clang::IfStmt>(ancestors[at])) ||
                       is_condition(node_as<clang::WhileStmt>(ancestors[at])) ||
                       is_condition(node_as<clang::ConditionalOperator>(ancestors[at]));
  return decides ? Asked::whether_null : Asked::no;
}

/// A static function that nothing in the whole unit names: Cython writes every `cdef inline` of a .pxd down that a
/// module cimports, numpy's import_umath() too. Where the unit has errors, what names it may be lost.
bool is_left_alone(const clang::FunctionDecl* function) {
  if (function == nullptr || function->getStorageClass() != clang::SC_Static || function->isTemplated() ||
      function->isTemplateInstantiation() || llvm::isa<clang::CXXMethodDecl>(function)) {
    return false;
  }
  if (function->hasAttr<clang::ConstructorAttr>() || function->hasAttr<clang::DestructorAttr>()) return false;
  return !function->isReferenced() && !function->isUsed() &&
         !function->getASTContext().getDiagnostics().hasUncompilableErrorOccurred();
}

}  // namespace

void ApiUseCollector::named(const clang::FunctionDecl* function, clang::SourceLocation location,
                            const clang::FunctionDecl* inside, const Ancestors& ancestors) {
  // A C++ library's functions have no C name: no rule knows them.
  if (function->getIdentifier() == nullptr || !function->getDeclContext()->getRedeclContext()->isTranslationUnit())
    return;
  const llvm::StringRef name = function->getName();
  if (name.starts_with("__builtin_") || std::ranges::find(everywhere, std::string_view(name)) != std::end(everywhere)) {
    return;
  }
  // Implicitly declared ones are located at their first use.
  const bool anywhere =
      function->isImplicit() || std::ranges::find(names_.functions, std::string_view(name)) != names_.functions.end();
  if (!anywhere && places_.in_project(function->getCanonicalDecl()->getLocation())) return;
  model::ApiUse use;
  use.once = once_around(ancestors);
  if (name.starts_with("Py")) use.literals = literals_of_call(ancestors);
  const Asked asked = asked_of_result(ancestors);
  use.only_asked_for_null = asked == Asked::whether_null;
  use.only_compared = asked == Asked::which;
  add(function, location, inside, std::move(use), ancestors);
}

void ApiUseCollector::named(const clang::VarDecl* variable, clang::SourceLocation location,
                            const clang::FunctionDecl* inside, const Ancestors& ancestors, bool read) {
  if (variable->getIdentifier() == nullptr || !variable->getDeclContext()->getRedeclContext()->isTranslationUnit() ||
      places_.in_project(variable->getCanonicalDecl()->getLocation())) {
    return;
  }
  // None, the exceptions and the built-in types are on every other line, and may be.
  const llvm::StringRef name = variable->getName();
  if (name.starts_with("PyExc_") || name.starts_with("_Py") || name.ends_with("_Type")) return;
  model::ApiUse use;
  use.read = read;
  add(variable, location, inside, std::move(use), ancestors);
}

void ApiUseCollector::runs_once(const clang::FunctionDecl* function, const std::string& guard) {
  once_[function_name(function)] = guard;
}

void ApiUseCollector::add(const clang::NamedDecl* declaration, clang::SourceLocation location,
                          const clang::FunctionDecl* inside, model::ApiUse use, const Ancestors& ancestors) {
  if (is_left_alone(inside)) return;
  use.name = declaration->getName().str();
  use.where = places_.users_place(location, inside);
  const bool is_users = places_.is_of_a_line(location, inside) &&
                        (use.name != "PyGILState_Ensure" || places_.asks_for_gil(location, inside));
  if (!is_users) use.generator = places_.generator(location);
  use.made_of_line = use.where.column == 0;
  use.where.column = 0;  // one for each line
  if (main_guard_.holds(ancestors)) use.reached = {{model::RunsWhen::main_interpreter, ""}};
  found_.insert(std::move(use));
}

std::vector<model::ApiUse> ApiUseCollector::finish(const std::string& unit) const {
  std::vector<model::ApiUse> uses(found_.begin(), found_.end());
  for (model::ApiUse& use : uses) {
    use.unit = unit;
    const auto once = once_.find(use.where.function);
    if (use.once.empty() && once != once_.end()) use.once = once->second;
  }
  return uses;
}

}  // namespace isoaudit::analyzer
