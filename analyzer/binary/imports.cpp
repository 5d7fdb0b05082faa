#include "analyzer/binary/imports.h"

#include <algorithm>
#include <string_view>

namespace isoaudit::analyzer {
namespace {

/// Names that people do not write: C++'s mangled ones, and what compilers and linkers ask the C runtime for.
bool has_a_name_of_c(std::string_view name) {
  return !name.starts_with("_Z") && !name.starts_with("_ITM_") && !name.starts_with("?") &&
         !name.starts_with("__gmon") && name != "__cxa_finalize";
}

/// "popen$DARWIN_EXTSN" is popen.
std::string without_variant(const std::string& name) { return name.substr(0, name.find('$')); }

}  // namespace

std::vector<std::string> api_imports(const Image& image) {
  std::vector<std::string> found;
  for (const auto& import : image.imports) {
    const std::string name(import);
    if (has_a_name_of_c(name)) found.push_back(without_variant(name));
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace isoaudit::analyzer
