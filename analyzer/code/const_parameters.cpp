#include "analyzer/code/const_parameters.h"

#include <llvm/Demangle/Demangle.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

namespace isoaudit::analyzer {
namespace {

using Part = char* (llvm::ItaniumPartialDemangler::*)(char*, std::size_t*) const;

std::string text_of(const llvm::ItaniumPartialDemangler& name, Part part) {
  const std::unique_ptr<char, decltype(&std::free)> text((name.*part)(nullptr, nullptr), &std::free);
  return text == nullptr ? std::string() : std::string(text.get());
}

/// "(char const*, std::map<int, int>&)" → its types.
std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> types;
  if (list.size() < 2) return types;
  list = list.substr(1, list.size() - 2);
  std::size_t begin = 0, depth = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i == list.size() || (list[i] == ',' && depth == 0)) {
      if (i > begin) types.push_back(list.substr(begin, i - begin));
      begin = i + 2;
    } else if (std::string_view("<([{").find(list[i]) != std::string_view::npos) {
      ++depth;
    } else if (std::string_view(">)]}").find(list[i]) != std::string_view::npos && depth > 0) {
      --depth;
    }
  }
  return types;
}

/// A number, an object by value, or a pointer or reference through which nothing is written.
bool is_read_only(std::string_view type) {
  const bool indirect = type.find_first_of("*&[") != std::string_view::npos;
  const std::size_t end = type.find_last_not_of("*&");
  if (!indirect) return true;
  if (end == std::string_view::npos || !type.substr(0, end + 1).ends_with(" const")) return false;
  const std::string_view last = type.substr(end + 1);
  return last == "*" || last == "&" || last == "&&";
}

}  // namespace

bool takes_constant(const std::string& function, unsigned argument) {
  if (!function.starts_with("_Z")) return false;
  llvm::ItaniumPartialDemangler name;
  if (name.partialDemangle(function.c_str()) || !name.isFunction()) return false;
  using Name = llvm::ItaniumPartialDemangler;
  const std::string list = text_of(name, &Name::getFunctionParameters);
  const std::vector<std::string_view> types = split(list);
  const bool made_in_place = name.isCtorOrDtor();
  const bool constant_method = text_of(name, &Name::finishDemangle).ends_with(" const");
  const bool method = made_in_place || name.hasFunctionQualifiers();
  // Only a nested name can be a method's: "_ZSt..." names a function of namespace std.
  const bool maybe_method = method || function.starts_with("_ZN");
  // Names of templates tell what is returned: a pointer or a reference comes in a register.
  const std::string returned = text_of(name, &Name::getFunctionReturnType);
  const bool in_register = returned.ends_with('*') || returned.ends_with('&') || returned == "void";
  bool told = false;
  // Before the parameters: where the result goes, when it is an object, and the object that the method works on.
  for (unsigned result = 0; result <= (made_in_place || in_register ? 0u : 1u); ++result) {
    for (unsigned self = method ? 1 : 0; self <= (maybe_method ? 1u : 0u); ++self) {
      if (argument < result) return false;
      if (argument < result + self) {
        if (!constant_method) return false;
        told = true;
        continue;
      }
      const std::size_t parameter = argument - result - self;
      if (parameter >= types.size()) continue;
      if (types[parameter] == "..." || !is_read_only(types[parameter])) return false;
      told = true;
    }
  }
  return told;
}

}  // namespace isoaudit::analyzer
