#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/python_version.h"

namespace isoaudit::model {

/// How a module comes to life (PEP 489; 3.15 adds export slots, PEP 793).
enum class Init {
  single_phase,
  multi_phase,
  export_slots,  ///< PyModExport_ returns the slots (3.15)
  undetermined,
};

/// The value of Py_mod_multiple_interpreters. `absent` behaves as `supported` (rules.md A2).
enum class MultipleInterpreters {
  absent,
  not_supported,        ///< 0
  supported,            ///< 1: several interpreters under one GIL
  per_interpreter_gil,  ///< 2
  undetermined,
};

/// The value of Py_mod_gil. `absent` behaves as `used`.
enum class GilUse { absent, used, not_used, undetermined };

/// What a module says of itself, from its source or its bytes.
struct Declaration {
  MultipleInterpreters multiple_interpreters = MultipleInterpreters::undetermined;
  GilUse gil = GilUse::undetermined;
  /// m_size; -1 is single-phase only. Empty when not decided.
  std::optional<std::int64_t> state_size{};
  /// m_traverse, m_clear, m_free are set.
  bool has_traverse = false;
  bool has_clear = false;
  bool has_free = false;
  unsigned exec_slots = 0;
  bool has_create = false;
  /// What the runtime would reject before anything else: unknown or repeated slots, negative m_size with slots.
  std::string invalid{};
  /// Why a value above is undetermined; empty when all are known.
  std::string undetermined_reason{};

  auto operator<=>(const Declaration&) const = default;
};

/// One hook that the import system can call: PyInit_x, PyInitU_x, PyModExport_x, PyModExportU_x.
struct EntryPoint {
  std::string symbol{};
  /// Last component of the module's name, punycode decoded to UTF-8.
  std::string module{};
  Init init = Init::undetermined;
  Declaration declares{};
  /// In a report: the only versions that this holds for, where the file answers others differently (abi3).
  std::vector<PythonVersion> only_for{};

  auto operator<=>(const EntryPoint&) const = default;
};

/// Splits a hook's symbol into the module name it serves; empty optional when the symbol is no hook (rules.md 1:
/// prefixes exact, decoys such as PyModInit_ are none; a U hook's suffix is punycode after its last '_' became '-').
struct HookName {
  std::string module{};
  bool is_export = false;  ///< PyModExport_ or PyModExportU_
};
std::optional<HookName> parse_hook(const std::string& symbol);

const char* to_string(Init init);
const char* to_string(MultipleInterpreters value);
const char* to_string(GilUse use);

}  // namespace isoaudit::model
