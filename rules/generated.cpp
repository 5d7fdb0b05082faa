#include "rules/generated.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

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
    // People write Python there: no static is theirs, whatever it is called (`module`, `nodes___Import_vtable`).
    {"mypyc", ""},
    {"nanobind", "nanobind::"},
    {"pybind11", "pybind11::"},
    {"pyo3", "pyo3::"},
    {"pyo3", "<pyo3::"},
    {"swig", "SWIG"},
    {"swig", "Swig"},
    {"swig", "swig_"},
});

/// How the last part of a name is, where a macro makes the static in its user's namespace: intern!, #[pyclass] and
/// #[pymodule] of PyO3. The `cdef` globals of Cython/Utility/MemoryView.pyx (3.0 to 3.2) have no prefix, as a user's
/// would.
constexpr auto own_last_parts = std::to_array<Prefix>({
    {"cython", "contiguous"},
    {"cython", "generic"},
    {"cython", "indirect"},
    {"cython", "indirect_contiguous"},
    {"cython", "strided"},
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

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Takes Cython's "3pkg_3mod_" off: each part of a dotted name with its length. Of methods' names a number tells twins
/// apart, "6Packer_3pack"; what is a class and what a number shows what stands behind.
void drop_parts(std::string_view& left, bool numbered) {
  while (!left.empty() && left.front() >= '1' && left.front() <= '9') {
    std::size_t digits = 0;
    std::size_t length = 0;
    while (digits < left.size() && left[digits] >= '0' && left[digits] <= '9' && length < left.size()) {
      length = length * 10 + static_cast<std::size_t>(left[digits++] - '0');
    }
    const bool fits = digits + length + 1 < left.size() && left[digits + length] == '_';
    const bool is_part =
        fits && (!numbered || std::isdigit(static_cast<unsigned char>(left[digits + length + 1])) != 0);
    if (!is_part) {
      if (numbered) left.remove_prefix(digits);
      return;
    }
    left.remove_prefix(digits + length + 1);
  }
}

constexpr std::string_view module_body = "the module's body";
constexpr std::string_view module_cleanup = "the module's clean-up";

/// What the user calls a C function that Cython made of his; empty for Cython's own.
std::string users_function(std::string_view name) {
  if (name.starts_with("__pyx_pymod_exec") || name.starts_with("__Pyx_modinit_")) return std::string(module_body);
  if (name == "__pyx_module_cleanup") return std::string(module_cleanup);
  for (const std::string_view begin : {"__pyx_f_", "__pyx_pw_", "__pyx_pf_"}) {
    if (!name.starts_with(begin)) continue;
    std::string_view left = name.substr(begin.size());
    // A property goes by its own name: "4asm8_1__get__".
    for (const std::string_view accessor : {"__get__", "__set__", "__del__"}) {
      if (begin == "__pyx_f_" || !left.ends_with(accessor)) continue;
      left.remove_suffix(accessor.size());
      while (!left.empty() && std::isdigit(static_cast<unsigned char>(left.back())) != 0) left.remove_suffix(1);
      if (left.ends_with('_')) left.remove_suffix(1);
    }
    drop_parts(left, begin != "__pyx_f_");
    return std::string(left);
  }
  return {};
}

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
    {"f2c", "translate with `f2c -a`: local variables are then each call's own"},
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

std::string statics_of(std::string_view generator) { return fmt::format("statics of {}", generator); }

std::string users_name(std::string_view generator, std::string_view name) {
  constexpr std::string_view begin = "__pyx_v_";
  if (generator != "cython" || !name.starts_with(begin)) return std::string(name);
  std::string_view left = name.substr(begin.size());
  drop_parts(left, false);
  return left.empty() ? std::string(name) : std::string(left);
}

std::string in_users_words(std::string_view generator, std::string text) {
  // What people wrote may be called by what Cython made.
  if (generator != "cython" && !generator.empty()) return text;
  constexpr std::string_view call = "()";
  for (std::size_t at = 0; (at = text.find("__", at)) != std::string::npos;) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const bool starts = at == 0 || !is_word(text[at - 1]);
    std::string name = starts ? users_function(std::string_view(text).substr(at, end - at)) : "";
    if (!name.empty()) {
      const bool is_called = text.compare(end, call.size(), call) == 0;
      const bool is_no_function = name == module_body || name == module_cleanup;
      text.replace(at, end - at + (is_no_function && is_called ? call.size() : 0), name);
      end = at + name.size();
    }
    at = end;
  }
  // The body is cut into several functions.
  const std::string twice = fmt::format("{0} → {0}", module_body);
  if (const std::size_t at = text.find(twice); at != std::string::npos)
    text.erase(at, twice.size() - module_body.size());
  return text;
}

std::string users_fix(std::string_view generator, std::string_view users_name, Held held) {
  if (generator != "cython") return {};
  // Cython's documentation: `cdef` globals stay C statics, with CYTHON_USE_MODULE_STATE as well.
  switch (held) {
    case Held::object:
      return fmt::format(
          "drop `cdef`: as a Python global `{}` lives in the module's dictionary; or keep it in an object of a cdef "
          "class",
          users_name);
    case Held::number:
      return fmt::format(
          "make `{}` a constant (`cdef enum`), a Python global (without `cdef`), or a member of a cdef class",
          users_name);
    case Held::memory: break;
  }
  return fmt::format("make `{}` a member of a cdef class, of which each interpreter has its own object", users_name);
}

std::string users_fix_of_many(std::string_view generator, Held held) {
  if (generator != "cython") return {};
  switch (held) {
    case Held::object:
      return "drop `cdef`: as Python globals they live in the module's dictionary; or keep them in objects of cdef "
             "classes";
    case Held::number:
      return "make them constants (`cdef enum`), Python globals (without `cdef`), or members of cdef classes";
    case Held::memory: break;
  }
  return "make them members of cdef classes, of which each interpreter has its own object";
}

bool is_library_of(std::string_view generator, std::string_view file) {
  constexpr std::string_view users[] = {".pyx", ".pxi", ".pxd", ".py", ".c", ".cc", ".cpp", ".cxx", ".h", ".hpp"};
  return generator == "cython" &&
         std::ranges::none_of(users, [&](std::string_view ending) { return file.ends_with(ending); });
}

bool is_guarded_table(std::string_view generator, std::string_view name) {
  return std::ranges::any_of(guarded_tables,
                             [&](const Prefix& row) { return row.generator == generator && row.begin == name; });
}

bool is_generators_in_binary(std::string_view generator, std::string_view name) {
  if (!name.empty()) return is_generators_own(generator, name);
  constexpr std::string_view whole[] = {"cffi", "cython", "f2py", "mypyc", "swig"};
  return std::ranges::find(whole, generator) != std::end(whole);
}

std::string generator_fix(std::string_view generator) {
  return generator_fix(generator, "see the documentation of " + std::string(generator));
}

std::string generator_fix(std::string_view generator, std::string_view otherwise) {
  const auto* row = std::ranges::find(advice, generator, &Advice::generator);
  return std::string(row == advice.end() ? otherwise : row->fix);
}

}  // namespace isoaudit::rules
