#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/location.h"
#include "model/module_definition.h"
#include "model/python_version.h"
#include "model/write_words.h"

/// What the bytes of a compiled module tell without loading it.
namespace isoaudit::model {

enum class BinaryFormat { elf, pe, macho };

enum class Framework { none, cython, pybind11, nanobind, pyo3, mypyc, cffi, swig, boost_python, f2py, rust };

/// Where a static lives.
enum class SectionClass { constant, data, zero, thread_local_, other };

/// A named or discovered object in the module's own writable memory.
struct StaticObject {
  enum class Kind { type, instance, variable } kind = Kind::variable;
  /// Symbol when there is one; else tp_name of a type; else empty.
  std::string symbol{};
  std::string type_name{};
  std::string section{};
  /// Offset of the object in its section, bytes.
  std::uint64_t offset = 0;
  /// Bytes; 0 when not known.
  std::uint64_t size = 0;
  /// The source file that the symbol table names for a local symbol (STT_FILE), or empty.
  std::string unit{};
  /// As the debug information declares it, where the file has any: "PyObject *", in that file, on that line.
  std::string declared_type{};
  std::string declared_file{};
  unsigned declared_line = 0;

  auto operator<=>(const StaticObject&) const = default;
};

/// What one hook declares to one version. Versions differ for abi3 modules.
struct BinaryEntryPoint {
  EntryPoint entry{};
  /// Versions for which `entry` holds; an abi3 module has one row for each answer.
  std::vector<PythonVersion> versions{};
  /// The hook that an ordinary import of this file calls: its name is the file's.
  bool by_file_name = false;

  auto operator<=>(const BinaryEntryPoint&) const = default;
};

/// A store to the module's own writable memory, read from its machine code.
struct CodeWrite {
  std::string symbol{};  ///< the variable, when the file names it, as the linker knows it
  std::string section{};
  std::uint64_t offset = 0;  ///< in its section
  std::string function{};    ///< the writing function, when the file names it; demangled
  bool atomic = false;       ///< lock-prefixed or exchange
  /// The variable's address is passed to this function, which writes it or is not known, demangled; empty for a plain
  /// store.
  std::string passed_to{};
  /// Bytes written by one instruction; 0 when not known.
  std::uint64_t size = 0;
  /// What is stored.
  StoredValue value = StoredValue::unknown;
  /// Which, where known: two stores of one text store the same. For StoredValue::constant "0x2", for static_address
  /// "table", "table+0x8" or ".data+0x40", for immortal "_Py_NoneStruct" or "PyExc_ValueError", for parameter
  /// "argument 1", counted from 1 (a Py_mod_exec function's module is its "argument 1"), for call a capsule's name.
  std::string stored{};
  /// What is stored is what this function returned ("PyErr_NewException"); empty when it is not a result or not known.
  std::string result_of{};
  /// `symbol` as people write it, demangled.
  std::string name{};
  /// A lock is held around the store, as far as the function itself shows: "PyMutex_Lock".
  std::string guard{};
  /// When the function that writes runs, one row for each time, sorted; empty when not known.
  std::vector<Reached> reached{};
  /// The line of the store, where the file has debug information.
  Location where{};

  auto operator<=>(const CodeWrite&) const = default;
};

/// A load from the module's own writable memory: who reads a static. One row for each place and function.
struct CodeRead {
  std::string section{};
  std::uint64_t offset = 0;
  std::string function{};  ///< as CodeWrite::function; ".text+0x1310" where the file does not name it

  auto operator<=>(const CodeRead&) const = default;
};

/// What reading code took, in billionths of a second. For -v alone: a clock says nothing of a module, so any two are
/// equal.
struct CodeTime {
  std::uint64_t decoding = 0;
  /// Of what is known, through each function.
  std::uint64_t propagation = 0;
  /// Who calls whom, and so when each function runs.
  std::uint64_t call_graph = 0;
  std::uint64_t debug_lines = 0;  ///< where stores stand in the source, by the module's debug information

  friend bool operator==(const CodeTime&, const CodeTime&) { return true; }
  friend std::strong_ordering operator<=>(const CodeTime&, const CodeTime&) { return std::strong_ordering::equal; }
};

struct CodeFacts {
  /// The code was read; otherwise its silence proves nothing.
  bool read = false;
  std::string why_not{};
  std::vector<CodeWrite> writes{};
  std::vector<CodeRead> reads{};
  /// Bytes of machine code that were read.
  std::uint64_t text = 0;
  CodeTime time{};

  auto operator<=>(const CodeFacts&) const = default;
};

/// What a module has for itself in the process beside its objects. For people: no rule's proof.
struct Footprint {
  /// Bytes of writable memory that begin with values, that begin as zeros, and that each thread has of its own.
  std::uint64_t data = 0;
  std::uint64_t zero = 0;
  std::uint64_t thread_local_ = 0;
  /// Functions that the loader calls before any hook (C++ constructors and their like), less the C runtime's own. Empty
  /// for Windows: its runtime keeps them in tables that only the code leads to.
  std::optional<unsigned> constructors{};
  /// Function-local statics that C++ makes on first use: __cxa_guard_acquire is imported, or a symbol names one.
  bool static_guards = false;

  auto operator<=>(const Footprint&) const = default;
};

struct BinaryFacts {
  /// As the user named it or as found below it, forward slashes.
  std::string path{};
  /// Dotted name below its import root: "markupsafe._speedups".
  std::string module{};
  /// The folder that has to be on sys.path to import `module`.
  std::string import_root{};
  std::string sha256{};
  BinaryFormat format = BinaryFormat::elf;
  std::string arch{};
  /// From the file name: "cpython-314", "abi3", "cpython-314t"; empty for a plain ".so".
  std::string abi_tag{};
  /// The user named this very file, not a folder that holds it.
  bool named = false;
  /// Ids of the audited interpreters whose import system takes a file of this name.
  std::vector<std::string> importable_by{};
  Framework framework = Framework::none;
  std::string framework_version{};
  std::vector<BinaryEntryPoint> entry_points{};
  /// Imported functions and variables with names of C (CPython, the C library, others), sorted.
  std::vector<std::string> api_imports{};
  std::vector<StaticObject> static_objects{};
  /// DT_NEEDED and its like.
  std::vector<std::string> libraries{};
  /// Guard texts found among the strings ("Interpreter change detected ...").
  std::vector<std::string> guard_texts{};
  /// Libraries whose code was linked into the file, by name: "libstdc++'s std::filesystem". Their imports are its own.
  std::vector<std::string> linked_in{};
  /// C APIs of other modules that its strings name ("datetime.datetime_CAPI", "numpy.core._multiarray_umath").
  std::vector<std::string> capsule_names{};
  Footprint footprint{};
  CodeFacts code{};

  auto operator<=>(const BinaryFacts&) const = default;
};

const char* to_string(Framework framework);
const char* to_string(BinaryFormat format);

}  // namespace isoaudit::model
