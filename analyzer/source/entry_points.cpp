#include "analyzer/source/entry_points.h"

#include <clang/AST/ExprCXX.h>
#include <clang/Lex/MacroInfo.h>

#include <algorithm>

#include "analyzer/source/reached_makers.h"
#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

using model::Init;

// From a hook through helpers to the call that makes the module.
constexpr unsigned max_calls = 3;
constexpr unsigned max_hops = 8;

constexpr std::string_view identity_functions[] = {"Py_NewRef", "Py_XNewRef", "_Py_NewRef", "_Py_XNewRef"};

/// Make a module object at once (rules.md 1): no definition goes back to the import system.
bool makes_module(std::string_view name) {
  constexpr std::string_view names[] = {"PyModule_Create2",
                                        "PyModule_New",
                                        "PyModule_NewObject",
                                        "PyModule_FromDefAndSpec2",
                                        "Py_InitModule4",
                                        "_cffi_init",
                                        "PyImport_AddModule",
                                        "PyImport_AddModuleRef",
                                        "PyImport_ImportModule",
                                        "PyImport_Import",
                                        "boost::python::detail::init_module"};
  return std::ranges::find(names, name) != std::end(names) || name.starts_with("PyInit_");
}

struct Stores {
  std::vector<const clang::Expr*> returned{};
  std::unordered_map<const clang::VarDecl*, std::vector<const clang::Expr*>> assigned{};
};

void collect_stores(const clang::Stmt* statement, Stores& stores) {
  if (statement == nullptr || llvm::isa<clang::LambdaExpr>(statement)) return;
  if (const auto* result = llvm::dyn_cast<clang::ReturnStmt>(statement)) {
    if (result->getRetValue() != nullptr) stores.returned.push_back(result->getRetValue());
  } else if (const auto* declarations = llvm::dyn_cast<clang::DeclStmt>(statement)) {
    for (const clang::Decl* declaration : declarations->decls()) {
      const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration);
      if (variable != nullptr && variable->hasInit()) stores.assigned[variable].push_back(variable->getInit());
    }
  } else if (const auto* operation = llvm::dyn_cast<clang::BinaryOperator>(statement);
             operation != nullptr && operation->getOpcode() == clang::BO_Assign) {
    if (const auto* target = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(operation->getLHS()))) {
      if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(target->getDecl())) {
        stores.assigned[variable].push_back(operation->getRHS());
      }
    }
  }
  for (const clang::Stmt* child : statement->children()) collect_stores(child, stores);
}

int rank(Init init) {
  switch (init) {
    case Init::export_slots: return 3;
    case Init::multi_phase: return 2;
    case Init::single_phase: return 1;
    case Init::undetermined: return 0;
  }
  return 0;
}

}  // namespace

std::optional<std::int64_t> EntryPointReader::macro_value(llvm::StringRef name) const {
  const clang::IdentifierInfo* identifier = preprocessor_.getIdentifierInfo(name);
  const clang::MacroInfo* macro = preprocessor_.getMacroInfo(identifier);
  if (macro == nullptr || macro->getNumTokens() != 1) return std::nullopt;
  const clang::Token& token = macro->getReplacementToken(0);
  if (token.isNot(clang::tok::numeric_constant)) return std::nullopt;
  std::int64_t value = 0;
  const llvm::StringRef text(token.getLiteralData(), token.getLength());
  if (text.getAsInteger(0, value)) return std::nullopt;
  return value;
}

model::PythonVersion EntryPointReader::python_version() const {
  const auto major = macro_value("PY_MAJOR_VERSION");
  const auto minor = macro_value("PY_MINOR_VERSION");
  return {static_cast<int>(major.value_or(3)), static_cast<int>(minor.value_or(12))};
}

const clang::VarDecl* EntryPointReader::definition_of(const clang::Expr* argument, const Scope& scope,
                                                      unsigned hops) const {
  const clang::VarDecl* variable = pointed_variable(argument);
  if (variable == nullptr || hops > max_hops) return nullptr;
  if (!variable->getType()->isPointerType()) return variable;
  if (const auto bound = scope.bindings.find(variable); bound != scope.bindings.end()) {
    return definition_of(bound->second, {}, hops + 1);
  }
  const clang::Expr* init = variable->getAnyInitializer();
  return init == nullptr ? nullptr : definition_of(init, scope, hops + 1);
}

EntryPointReader::Origin EntryPointReader::trace_call(const clang::CallExpr* call, const Scope& scope, bool is_export,
                                                      unsigned hops) {
  const std::string name = callee_name(call);
  if (name == "PyModuleDef_Init" && call->getNumArgs() == 1) {
    const clang::VarDecl* definition = definition_of(call->getArg(0), scope, 0);
    return {Init::multi_phase, definition, nullptr, definition == nullptr ? "the definition is no named object" : ""};
  }
  if (std::ranges::find(identity_functions, name) != std::end(identity_functions) && call->getNumArgs() == 1) {
    return trace_value(call->getArg(0), scope, is_export, hops + 1);
  }
  const clang::FunctionDecl* callee = call->getDirectCallee();
  const clang::FunctionDecl* body = nullptr;
  if (callee != nullptr && callee->hasBody(body) && !makes_module(name) && scope.depth < max_calls) {
    Scope inner{body, {}, scope.depth + 1};
    for (unsigned i = 0; i < std::min(call->getNumArgs(), body->getNumParams()); ++i) {
      const clang::Expr* argument = call->getArg(i);
      if (const auto* named = llvm::dyn_cast_or_null<clang::DeclRefExpr>(strip(argument))) {
        const auto* variable = llvm::dyn_cast<clang::VarDecl>(named->getDecl());
        const auto bound = variable == nullptr ? scope.bindings.end() : scope.bindings.find(variable);
        if (bound != scope.bindings.end()) argument = bound->second;
      }
      inner.bindings[body->getParamDecl(i)] = argument;
    }
    return trace_function(inner, is_export);
  }
  if (makes_module(name)) {
    const clang::VarDecl* definition = nullptr;
    if (name == "PyModule_Create2" && call->getNumArgs() >= 1) definition = definition_of(call->getArg(0), scope, 0);
    return {Init::single_phase, definition, nullptr, {}};
  }
  if (callee == nullptr) return {Init::single_phase, nullptr, nullptr, {}};  // through a pointer: made elsewhere
  return {Init::undetermined, nullptr, nullptr,
          "what the hook returns comes from " + name + "(), defined in another unit"};
}

EntryPointReader::Origin EntryPointReader::trace_value(const clang::Expr* value, const Scope& scope, bool is_export,
                                                       unsigned hops) {
  value = strip(value);
  if (value == nullptr || hops > max_hops || is_null(value)) return {};
  if (const auto* choice = llvm::dyn_cast<clang::ConditionalOperator>(value)) {
    Origin first = trace_value(choice->getTrueExpr(), scope, is_export, hops + 1);
    Origin second = trace_value(choice->getFalseExpr(), scope, is_export, hops + 1);
    return rank(first.init) >= rank(second.init) ? first : second;
  }
  if (const auto* operation = llvm::dyn_cast<clang::BinaryOperator>(value)) {
    return trace_value(operation->getRHS(), scope, is_export, hops + 1);
  }
  if (const auto* call = llvm::dyn_cast<clang::CallExpr>(value)) return trace_call(call, scope, is_export, hops);
  if (is_export) {
    if (pointed_variable(value) != nullptr || llvm::isa<clang::CompoundLiteralExpr>(value)) {
      return {Init::export_slots, nullptr, value, {}};
    }
    return {};
  }
  const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(value);
  const auto* variable = reference == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
  if (variable == nullptr) return {};
  if (const auto bound = scope.bindings.find(variable); bound != scope.bindings.end()) {
    return trace_value(bound->second, {}, is_export, hops + 1);
  }
  Stores stores;
  if (scope.function != nullptr) collect_stores(scope.function->getBody(), stores);
  Origin best;
  for (const clang::Expr* stored : stores.assigned[variable]) {
    Origin origin = trace_value(stored, scope, is_export, hops + 1);
    const bool says_more = best.init == Init::undetermined && best.why.empty();
    if (rank(origin.init) > rank(best.init) || says_more) best = std::move(origin);
  }
  // A module object that was made before and kept in a global.
  if (best.init == Init::undetermined && best.why.empty() && variable->hasGlobalStorage())
    best.init = Init::single_phase;
  return best;
}

EntryPointReader::Origin EntryPointReader::trace_function(const Scope& scope, bool is_export) {
  Stores stores;
  collect_stores(scope.function->getBody(), stores);
  Origin best;
  for (const clang::Expr* value : stores.returned) {
    Origin origin = trace_value(value, scope, is_export, 0);
    const bool better = rank(origin.init) > rank(best.init) ||
                        (origin.init == best.init && best.definition == nullptr && best.why.empty());
    if (better) best = std::move(origin);
  }
  return best;
}

std::optional<model::Declaration> EntryPointReader::framework_macro(const clang::FunctionDecl* hook,
                                                                    model::SourceEntryPoint& found) const {
  Init& init = found.entry.init;
  const std::vector<std::string> macros = places_.macros(hook->getLocation());
  const auto from = [&](const char* name) { return std::ranges::find(macros, name) != macros.end(); };
  model::Declaration declares;
  if (from("BOOST_PYTHON_MODULE")) {
    found.generator = "boost-python";
    init = Init::single_phase;
    return declares;
  }
  if (from("NB_MODULE")) {
    found.generator = "nanobind";
    // nanobind is multi-phase since 2.8 and knows one answer only (rules.md 5).
    const std::int64_t major = macro_value("NB_VERSION_MAJOR").value_or(0);
    const bool multi = major > 2 || (major == 2 && macro_value("NB_VERSION_MINOR").value_or(0) >= 8);
    init = multi ? Init::multi_phase : Init::single_phase;
    if (multi) declares.multiple_interpreters = model::MultipleInterpreters::not_supported;
    return declares;
  }
  if (!from("PYBIND11_MODULE")) return std::nullopt;
  found.generator = "pybind11";
  if (macro_value("PYBIND11_VERSION_MAJOR").value_or(0) < 3) {
    init = Init::single_phase;
    return declares;
  }
  // pybind11 3 fills its slots at run time from the tags that the macro is given; without one: not supported.
  init = Init::multi_phase;
  const std::string text = places_.macro_call(hook->getLocation());
  const auto names = [&](const char* tag) { return text.find(tag) != std::string::npos; };
  declares.multiple_interpreters = names("per_interpreter_gil") ? model::MultipleInterpreters::per_interpreter_gil
                                   : names("shared_gil")        ? model::MultipleInterpreters::supported
                                                                : model::MultipleInterpreters::not_supported;
  declares.gil = names("mod_gil_not_used") ? model::GilUse::not_used : model::GilUse::used;
  return declares;
}

model::SourceEntryPoint EntryPointReader::read(const clang::FunctionDecl* hook) {
  const model::HookName name = model::parse_hook(hook->getNameAsString()).value_or(model::HookName{});
  model::SourceEntryPoint found;
  found.entry.symbol = hook->getNameAsString();
  found.entry.module = name.module;
  found.where = places_.place(hook->getLocation(), nullptr);
  found.declaration = found.where;
  found.generator = places_.generator(hook->getLocation());
  if (std::optional<model::Declaration> declares = framework_macro(hook, found)) {
    found.entry.declares = *std::move(declares);
    return found;
  }
  Origin origin = trace_function({hook, {}, 0}, name.is_export);
  if (origin.init == Init::undetermined && origin.why.empty() && only_makes_modules_at_once(hook, places_)) {
    origin.init = Init::single_phase;
  }
  found.entry.init = origin.init;
  SlotReader reader(ast_, uses_, version_);
  switch (origin.init) {
    case Init::multi_phase:
      if (origin.definition != nullptr) {
        reader.read_definition(origin.definition);
        found.declaration = places_.place(origin.definition->getLocation(), nullptr);
      } else {
        reader.undetermined(origin.why);
      }
      break;
    case Init::export_slots: reader.read_slots(origin.slots); break;
    case Init::single_phase:
      if (origin.definition != nullptr) {
        reader.read_state_size(origin.definition);
        found.declaration = places_.place(origin.definition->getLocation(), nullptr);
      }
      break;
    case Init::undetermined:
      reader.undetermined(origin.why.empty() ? "what the hook returns could not be followed" : origin.why);
      break;
  }
  found.entry.declares = reader.finish();
  if (reader.deciding_slot().isValid()) found.declaration = places_.place(reader.deciding_slot(), nullptr);
  return found;
}

}  // namespace isoaudit::analyzer
