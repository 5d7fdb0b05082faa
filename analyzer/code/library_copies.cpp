#include "analyzer/code/library_copies.h"

#include <llvm/Demangle/Demangle.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>

#include "analyzer/tables/locks.h"
#include "analyzer/tables/outline_atomics.h"

namespace isoaudit::analyzer {
namespace {

using Demangler = llvm::ItaniumPartialDemangler;
using Part = char* (Demangler::*)(char*, std::size_t*) const;

std::string text_of(const Demangler& name, Part part) {
  const std::unique_ptr<char, decltype(&std::free)> text((name.*part)(nullptr, nullptr), &std::free);
  return text == nullptr ? std::string() : std::string(text.get());
}

/// Of classes of namespace std, in which nobody else may define any.
bool may_be_copy(std::string_view symbol) { return symbol.starts_with("_ZNSt") || symbol.starts_with("_ZNKSt"); }

/// "std::lock_guard<std::mutex>" → "std::lock_guard".
std::string_view without_arguments(std::string_view scope) { return scope.substr(0, scope.find('<')); }

/// How a guard's constructor gets its lock tells whether it takes it.
bool waits_for_lock(std::string_view parameters) {
  constexpr std::array<std::string_view, 4> others = {"defer_lock_t", "try_to_lock_t", "adopt_lock_t", "chrono::"};
  for (const std::string_view other : others) {
    if (parameters.find(other) != parameters.npos) return false;
  }
  return parameters.find('&') != parameters.npos && parameters.find("&&") == parameters.npos;
}

/// Empty when it is none.
std::string_view lock_function(const std::string& symbol) {
  const bool maybe = symbol.find("mutex") != symbol.npos && may_be_copy(symbol);
  Demangler name;
  if (!maybe || name.partialDemangle(symbol.c_str()) || !name.isFunction()) return {};
  const std::string scope = text_of(name, &Demangler::getFunctionDeclContextName);
  const std::string base = text_of(name, &Demangler::getFunctionBaseName);
  const std::string_view of = without_arguments(scope);
  if (!is_guard_class(of)) {
    const std::string whole = scope.substr(scope.find("::") + 2) + "::" + base;
    return known_lock_function(whole);
  }
  if (base.starts_with('~') || base == "unlock" || base == "release") return guard_s_end(of);
  if (!name.isCtorOrDtor()) return {};
  return waits_for_lock(text_of(name, &Demangler::getFunctionParameters)) ? known_lock_function(of)
                                                                          : std::string_view();
}

/// "std::atomic<bool>": what it holds is no pointer.
bool holds_number(std::string_view scope) {
  constexpr std::array<std::string_view, 11> numbers = {
      "bool", "char", "signed char",  "unsigned char", "short",    "unsigned short",
      "int",  "long", "unsigned int", "unsigned long", "long long"};
  const std::size_t begin = scope.find('<');
  if (begin == scope.npos || !scope.ends_with('>')) return scope == "std::atomic_flag";
  const std::string_view what = scope.substr(begin + 1, scope.size() - begin - 2);
  for (const std::string_view number : numbers) {
    if (what == number) return true;
  }
  return false;
}

}  // namespace

std::unordered_map<std::uint64_t, std::string_view> known_copies(const Image& image) {
  std::unordered_map<std::uint64_t, std::string_view> found;
  for (const Symbol& symbol : image.symbols) {
    if (outline_atomic(symbol.name)) {
      found.emplace(symbol.address, symbol.name);
    } else if (const std::string_view lock = lock_function(symbol.name); !lock.empty()) {
      found.emplace(symbol.address, lock);
    }
  }
  return found;
}

std::optional<ParameterUse> copy_s_use(const std::string& function, unsigned argument) {
  if (!may_be_copy(function)) return {};
  const std::string_view lock = lock_function(function);
  if (!lock.empty()) {
    const Lock* taken = lock_taken_by(lock);
    const bool is_lock = argument == (taken != nullptr ? taken->argument : 0);
    return is_lock ? std::optional(ParameterUse::not_written) : std::nullopt;
  }
  Demangler name;
  if (argument != 0 || name.partialDemangle(function.c_str()) || !name.isFunction()) return {};
  const std::string scope = text_of(name, &Demangler::getFunctionDeclContextName);
  const std::string_view of = without_arguments(scope);
  if (of != "std::atomic" && of != "std::__atomic_base" && of != "std::atomic_flag") return {};
  if (name.isCtorOrDtor()) return {};
  return holds_number(scope) ? ParameterUse::counted : ParameterUse::atomically;
}

std::uint64_t text_size_of_method(std::string_view function) {
  constexpr std::uint64_t of_libstdcxx = 32, of_libcxx = 24;
  for (const std::string_view begin : {"_ZNSt7__cxx1112basic_stringIc", "_ZNKSt7__cxx1112basic_stringIc"}) {
    if (function.starts_with(begin)) return of_libstdcxx;
  }
  for (const std::string_view begin : {"_ZNSt3__112basic_stringIc", "_ZNKSt3__112basic_stringIc"}) {
    if (function.starts_with(begin)) return of_libcxx;
  }
  return 0;
}

}  // namespace isoaudit::analyzer
