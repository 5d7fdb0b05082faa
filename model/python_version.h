#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isoaudit::model {

/// A CPython feature version. 3.12 is the first with per-interpreter GILs (PEP 684) and the oldest that is audited.
struct PythonVersion {
  int major = 0;
  int minor = 0;

  auto operator<=>(const PythonVersion&) const = default;
  std::string str() const { return std::to_string(major) + "." + std::to_string(minor); }
};

/// Reads "3.14"; nothing else is a version.
std::optional<PythonVersion> parse_python_version(std::string_view text);

/// An interpreter that was found on this machine and answered.
struct Interpreter {
  PythonVersion version{};
  /// What a report calls its column: "3.14", "3.14d", "3.14t".
  std::string id{};
  /// "3.14.8".
  std::string full_version{};
  std::string executable{};
  /// The folder that holds this interpreter's Python.h; empty when its headers are not installed.
  std::string include_dir{};
  /// The file-name ending of its own extension modules: ".cpython-314-x86_64-linux-gnu.so".
  std::string ext_suffix{};
  /// Every ending it imports, in its own order (importlib.machinery.EXTENSION_SUFFIXES).
  std::vector<std::string> import_suffixes{};
  bool debug = false;
  bool free_threaded = false;

  auto operator<=>(const Interpreter&) const = default;
};

/// What a module slot means, whatever number a version gives it.
enum class SlotKind {
  create,
  exec,
  multiple_interpreters,
  gil,
  abi,
  name,
  doc,
  state_size,
  methods,
  traverse,
  clear,
  free,
  token,
  subslots,      ///< 3.15: value points to another PySlot array
  module_slots,  ///< 3.15: value points to a PyModuleDef_Slot array
  unknown,
};

/// Layout of a build of one CPython version, rules.md 3.1. Sizes and offsets are bytes.
struct PythonLayout {
  PythonVersion version{};
  bool free_threaded = false;
  /// The first word of a static object that PyObject_HEAD_INIT made (Include/object.h).
  std::uint64_t head_word = 0;
  /// sizeof(PyModuleDef_Base): m_name follows it, then m_doc, m_size, m_methods, m_slots, m_traverse, m_clear, m_free,
  /// a pointer's size each (Include/moduleobject.h).
  unsigned module_def_base = 0;
  unsigned module_def_size = 0;
  unsigned type_object_size = 0;
  unsigned tp_name = 0;
  unsigned tp_basicsize = 0;
  unsigned tp_flags = 0;
  unsigned pointer_size = 8;
};

/// All versions that isoaudit knows, oldest first; release layout first, then free-threaded ones. The same versions for
/// pointers of 4 and of 8 bytes; none for other sizes.
std::span<const PythonLayout> python_layouts(unsigned pointer_size = 8);
const PythonLayout* find_layout(PythonVersion version, bool free_threaded, unsigned pointer_size = 8);

/// When an isolated interpreter of that version ends, its allocator holds nothing that no module has leaked. Before,
/// each end leaves thousands of blocks, of the interpreter's own strings.
bool frees_its_blocks(PythonVersion version);

/// What slot `id` means to that version, in a PyModuleDef_Slot or (3.15) a PySlot array; `unknown` when its runtime
/// rejects the id: 3.14 rejects 86 (rules.md 3.1; Include/moduleobject.h, 3.15: Include/slots_generated.h).
SlotKind slot_kind(PythonVersion version, unsigned id);

}  // namespace isoaudit::model
