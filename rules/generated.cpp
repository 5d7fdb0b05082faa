#include "rules/generated.h"

#include <algorithm>
#include <array>

namespace isoaudit::rules {
namespace {

/// How the names of a generator's statics begin (rules.md 5: read in what the generators of that section write).
struct Prefix {
  std::string_view generator;
  std::string_view begin;
};
constexpr auto own_prefixes = std::to_array<Prefix>({
    {"boost-python", "boost::"},
    {"cffi", "_cffi_"},
    {"cython", "__Pyx"},
    {"cython", "__pyx_"},
    // Of __Pyx_check_single_interpreter: Cython/Utility/ModuleSetupCode.c.
    {"cython", "main_interpreter_id"},
    {"f2py", "f2py_"},
    {"mypyc", "CPy"},
    {"nanobind", "nanobind::"},
    {"pybind11", "pybind11::"},
    {"pyo3", "pyo3::"},
    {"swig", "SWIG"},
    {"swig", "Swig"},
    {"swig", "swig_"},
});

/// How the last part of a name is, where a macro makes the static in its user's namespace: intern!, #[pyclass] and
/// #[pymodule] of PyO3.
constexpr auto own_last_parts = std::to_array<Prefix>({
    {"pyo3", "INTERNED"},
    {"pyo3", "TYPE_OBJECT"},
    {"pyo3", "_PYO3_DEF"},
});

/// What a user wrote keeps a prefix as well: Cython's `cdef` globals.
constexpr auto users_prefixes = std::to_array<Prefix>({{"cython", "__pyx_v_"}});

/// A table of one entry for each interpreter, found by the interpreter's id: Cython/Utility/ModuleSetupCode.c (3.1 to
/// 3.3). With CYTHON_MODULE_STATE_LOOKUP_THREAD_SAFE its writers hold a mutex, take it out by an exchange and wait for
/// a count of readers; without, they store it plainly.
constexpr auto guarded_tables = std::to_array<Prefix>({{"cython", "__Pyx_ModuleStateLookup_data"}});

struct Advice {
  std::string_view generator;
  std::string_view fix;
};
constexpr auto advice = std::to_array<Advice>({
    {"boost-python", "nothing yet: Boost.Python keeps its registry per process"},
    {"cffi", "nothing yet: cffi's modules have single-phase init (cffi#175)"},
    {"cython",
     "compile with `# cython: subinterpreters_compatible=own_gil` and -DCYTHON_USE_MODULE_STATE=1 (Cython 3.1 and "
     "newer, experimental); move `cdef` globals into objects"},
    {"f2py", "nothing yet: f2py declares NOT_SUPPORTED"},
    {"mypyc", "nothing yet: mypyc keeps its statics per process (mypyc/mypyc#1104)"},
    {"nanobind", "nothing yet: nanobind declares NOT_SUPPORTED"},
    {"pybind11", "use pybind11 3.0 or newer and its tag py::multiple_interpreters::per_interpreter_gil()"},
    {"pyo3", "nothing yet: PyO3's modules declare no support (PyO3/pyo3#3451)"},
    {"swig", "use SWIG 4.4 or newer (multi-phase init and heap types); it declares no support yet"},
});

template <std::size_t N>
bool any_prefix(const std::array<Prefix, N>& table, std::string_view generator, std::string_view name) {
  return std::ranges::any_of(
      table, [&](const Prefix& row) { return row.generator == generator && name.starts_with(row.begin); });
}

}  // namespace

bool is_generators_own(std::string_view generator, std::string_view name) {
  const std::size_t last = name.rfind("::");
  const std::string_view last_part = last == name.npos ? name : name.substr(last + 2);
  return (any_prefix(own_prefixes, generator, name) && !any_prefix(users_prefixes, generator, name)) ||
         std::ranges::any_of(own_last_parts,
                             [&](const Prefix& row) { return row.generator == generator && row.begin == last_part; });
}

std::string users_name(std::string_view generator, std::string_view name) {
  constexpr std::string_view begin = "__pyx_v_";
  if (generator != "cython" || !name.starts_with(begin)) return std::string(name);
  std::string_view left = name.substr(begin.size());
  // Each part of the module's name with its length: "3pkg_3mod_".
  while (!left.empty() && left.front() >= '1' && left.front() <= '9') {
    std::size_t length = 0;
    while (!left.empty() && left.front() >= '0' && left.front() <= '9' && length < name.size()) {
      length = length * 10 + static_cast<std::size_t>(left.front() - '0');
      left.remove_prefix(1);
    }
    if (length + 1 >= left.size() || left[length] != '_') return std::string(name);
    left.remove_prefix(length + 1);
  }
  return left.empty() ? std::string(name) : std::string(left);
}

bool is_guarded_table(std::string_view generator, std::string_view name) {
  return std::ranges::any_of(guarded_tables,
                             [&](const Prefix& row) { return row.generator == generator && row.begin == name; });
}

bool is_mostly_generated(std::string_view generator) {
  constexpr std::string_view whole[] = {"cffi", "cython", "f2py", "mypyc", "swig"};
  return std::ranges::find(whole, generator) != std::end(whole);
}

bool has_advice(std::string_view generator) {
  return std::ranges::find(advice, generator, &Advice::generator) != advice.end();
}

std::string generator_fix(std::string_view generator) {
  const auto* row = std::ranges::find(advice, generator, &Advice::generator);
  return row == advice.end() ? "see the documentation of " + std::string(generator) : std::string(row->fix);
}

}  // namespace isoaudit::rules
