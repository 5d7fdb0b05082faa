#include "rules/data_methods.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace isoaudit::rules {
namespace {

/// Class templates of <vector>, <map> and their like, and what libstdc++ makes them of.
constexpr auto containers = std::to_array<std::string_view>(
    {"array", "basic_string", "deque", "forward_list", "list", "map", "multimap", "multiset", "set", "unordered_map",
     "unordered_multimap", "unordered_multiset", "unordered_set", "vector", "_Hashtable", "_Rb_tree"});

/// Words that may stand alone: no name of anybody's.
constexpr auto builtin_words =
    std::to_array<std::string_view>({"__gnu_cxx", "bool", "char", "const", "double", "float", "int", "long", "operator",
                                     "short", "signed", "std", "unsigned", "wchar_t", "false", "true"});

/// Of C++'s own, those that may hold anything.
constexpr auto holders_of_anything = std::to_array<std::string_view>({"any", "function", "void"});

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// "std::__cxx11::list<int>::push_back(int&&)" → "list"; empty where no template of std comes first.
std::string_view container_of(std::string_view function) {
  if (!function.starts_with("std::")) return {};
  const std::size_t end = function.find('<');
  if (end == function.npos || function.substr(0, end).find('(') != function.npos) return {};
  const std::string_view scope = function.substr(0, end);
  return scope.substr(scope.rfind(':') + 1);
}

}  // namespace

bool is_text_method(std::string_view function) {
  return function.starts_with("std::__cxx11::basic_string<char") || function.starts_with("std::__1::basic_string<char");
}

bool is_method_of_data(std::string_view function) {
  if (is_text_method(function)) return true;
  // Templates tell what they return.
  if (function.starts_with("void ")) function.remove_prefix(5);
  if (std::ranges::find(containers, container_of(function)) == containers.end()) return false;
  for (std::size_t i = 0; i < function.size();) {
    if (!is_word(function[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < function.size() && is_word(function[i])) ++i;
    const std::string_view word = function.substr(begin, i - begin);
    const bool within = begin >= 2 && function.substr(begin - 2, 2) == "::";
    if (std::ranges::find(holders_of_anything, word) != holders_of_anything.end()) return false;
    const bool number = word.front() >= '0' && word.front() <= '9';
    if (!within && !number && std::ranges::find(builtin_words, word) == builtin_words.end()) return false;
  }
  return true;
}

}  // namespace isoaudit::rules
