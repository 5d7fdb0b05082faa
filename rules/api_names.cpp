#include "rules/api_names.h"

#include <algorithm>
#include <array>
#include <string>

namespace isoaudit::rules {
namespace {

using enum model::Severity;
using enum ApiName::Sight;

// The harms that several rows share.
constexpr std::string_view BUFFER = "keeps its result in one buffer of the process";
constexpr std::string_view EVAL_FRAME = "replaces the evaluation of one interpreter only";
constexpr std::string_view GENERATOR = "draws from one generator of the process, without a lock";
constexpr std::string_view ITERATOR = "walks a database with one position for the process";
constexpr std::string_view OLD_KEY = "belongs to keys of the whole process and is deprecated since 3.7";
constexpr std::string_view ONE_HOOK = "is one hook for the process: it runs in whichever interpreter comes by";
constexpr std::string_view ONE_TABLE = "is one table for the process, read without a lock";
constexpr std::string_view POSITION = "keeps its position in one variable of the process";
constexpr std::string_view PRIVATE_XI = "is private; its name and header changed in 3.13 and again in 3.14";
constexpr std::string_view SET_UP = "sets up a library for the whole process: interpreters meet there without a lock";
constexpr std::string_view TEAR_DOWN = "takes the library away from all other interpreters of the process";

constexpr ApiName names[] = {
#define API(rule, name, severity, sight, harm, instead, source) {#rule, name, severity, sight, harm, instead, source},
#include "rules/api_names_native.def"
#include "rules/api_names_python.def"
#undef API
};

struct OwnImport {
  /// A framework, or a library that is linked in, by its name in the report.
  std::string_view maker;
  std::string_view name;
};

// Counted over the modules of some 75 wheels: pybind11 and PyO3 modules have them all, one in three Cython modules
// (utility code of nogil functions), cffi's and nanobind's call-backs.
constexpr auto own_imports = std::to_array<OwnImport>({
    {"boost-python", "PyGILState_Ensure"},
    {"cffi", "PyGILState_Ensure"},
    {"cython", "PyGILState_Ensure"},
    {"libstdc++'s std::filesystem", "chdir"},  // its current_path(path) alone calls it
    {"nanobind", "Py_AtExit"},
    {"nanobind", "PyGILState_Ensure"},
    {"pybind11", "PyGILState_Ensure"},
    {"pybind11", "PyGILState_GetThisThreadState"},
    {"pybind11", "PyInterpreterState_Main"},
    {"pybind11", "PyThread_tss_create"},
    {"pyo3", "PyGILState_Ensure"},
    {"pyo3", "getenv"},
    {"rust", "getenv"},
    {"swig", "PyGILState_Ensure"},
});

}  // namespace

std::span<const ApiName> api_names() { return names; }

std::span<const ApiName> api_names(std::string_view slug) {
  std::string identifier(slug);
  std::ranges::replace(identifier, '-', '_');
  const auto* first = std::ranges::find(names, std::string_view(identifier), &ApiName::rule);
  const auto* last = std::find_if(first, std::end(names), [&](const ApiName& n) { return n.rule != identifier; });
  return {first, last};
}

ApiIndex::ApiIndex(const model::Facts& facts, std::string_view slug) {
  for (const ApiName& row : api_names(slug)) rows_.emplace(row.name, row);
  for (const model::AddedFunction& added : facts.added_functions) {
    if (added.rule != slug) continue;
    rows_.insert_or_assign(
        added.name,
        ApiName{added.rule, added.name, added.severity, ApiName::Sight::everywhere, added.harm, added.instead, {}});
  }
}

const ApiName* ApiIndex::find(std::string_view name) const {
  const auto row = rows_.find(name);
  return row == rows_.end() ? nullptr : &row->second;
}

bool imported_by_itself(std::string_view maker, std::string_view name) {
  return std::ranges::any_of(own_imports, [&](const OwnImport& own) { return own.maker == maker && own.name == name; });
}

}  // namespace isoaudit::rules
