#include "analyzer/binary/marks.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <iterator>
#include <map>
#include <span>
#include <string_view>

#include "analyzer/binary/text_search.h"
#include "model/load_once_guards.h"

namespace isoaudit::analyzer {
namespace {

using model::Framework;

constexpr std::string_view capsules[] = {
    "_ARRAY_API",
    "_UFUNC_API",
    "_curses._C_API",
    "_socket.CAPI",
    "datetime.datetime_CAPI",
    "numpy._core._multiarray_umath",
    "numpy.core._multiarray_umath",
    "pyexpat.expat_CAPI",
    "unicodedata._ucnhash_CAPI",
};

/// What a library says only in its own code, and the library.
struct LinkedMark {
  std::string_view text;
  std::string_view library;
};
constexpr LinkedMark linked_marks[] = {
    // std::filesystem::current_path(), gcc/libstdc++-v3/src/c++17/fs_ops.cc
    {"cannot set current path", "libstdc++'s std::filesystem"},
};

/// What recognise() asks for.
constexpr std::string_view framework_marks[] = {
    "cython_runtime", "__pybind11_internals_v", "pybind11_object",   "__nb_internals_", "nanobind::",
    "/pyo3-0.",       "pyo3_runtime",           "swig_runtime_data", "SwigPyObject",    "__f2py_numpy_version__",
    "__mypyc",        "_cffi_backend",          "/rustc/",
};

std::vector<std::string_view> all_marks() {
  std::vector<std::string_view> all;
  for (const std::span<const std::string_view> marks :
       {std::span<const std::string_view>(capsules), std::span<const std::string_view>(framework_marks)}) {
    for (const std::string_view mark : marks) all.push_back(mark);
  }
  for (const LinkedMark& mark : linked_marks) all.push_back(mark.text);
  for (const model::LoadOnceGuard& guard : model::load_once_guards()) all.push_back(guard.words);
  return all;
}

/// Texts in the parts of the file that hold them: constants, and data for the few that keep them writable.
class Texts {
 public:
  explicit Texts(const Image& image) {
    for (const Section& section : image.sections) {
      if (section.executable || section.bytes.empty() || is_table(section.name)) continue;
      parts_.push_back({reinterpret_cast<const char*>(section.bytes.data()), section.bytes.size()});
    }
    for (const std::string_view part : parts_) {
      const std::vector<std::size_t> found = first_occurrences(part, marks());
      for (std::size_t i = 0; i < marks().size(); ++i) {
        if (found[i] == std::string_view::npos) continue;
        follows_.emplace(marks()[i], part.substr(found[i] + marks()[i].size()));
      }
    }
  }

  /// What follows a mark's first occurrence, up to `length` characters; empty optional when there is none.
  std::optional<std::string_view> after(std::string_view mark, std::size_t length = 0) const {
    if (const auto found = follows_.find(mark); found != follows_.end()) return found->second.substr(0, length);
    // One that the table forgot costs a pass of its own, never an answer.
    if (std::ranges::find(marks(), mark) != marks().end()) return std::nullopt;
    for (const std::string_view part : parts_) {
      if (const std::size_t at = part.find(mark); at != std::string_view::npos) {
        return part.substr(at + mark.size(), length);
      }
    }
    return std::nullopt;
  }

  /// What follows each occurrence, until `more` answers false.
  template <class More>
  void each(std::string_view mark, std::size_t length, const More& more) const {
    for (const std::string_view part : parts_) {
      for (std::size_t at = part.find(mark); at != std::string_view::npos; at = part.find(mark, at + 1)) {
        if (!more(part.substr(at + mark.size(), length))) return;
      }
    }
  }

  bool hold(std::string_view mark) const { return after(mark).has_value(); }

 private:
  static const std::vector<std::string_view>& marks() {
    static const std::vector<std::string_view> all = all_marks();
    return all;
  }

  /// Tables of the object format hold symbol names, which are looked at as symbols.
  static bool is_table(std::string_view name) {
    for (std::string_view table : {".dynsym", ".gnu.hash", ".hash", ".rela", ".relr", ".eh_frame", ".gnu.version",
                                   ".gcc_except_table", ".dynamic", ".got", ".init_array", ".fini_array"}) {
      if (name.starts_with(table)) return true;
    }
    return false;
  }

  std::vector<std::string_view> parts_{};
  /// Of each mark that is there: the text behind its first occurrence.
  std::map<std::string_view, std::string_view> follows_{};
};

/// "3_1_6" or "0.28.2": numbers joined by one of the separators, given back with dots.
std::string version_text(std::string_view text, std::string_view separators) {
  std::string version;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      version += c;
    } else if (separators.find(c) != std::string_view::npos && !version.empty() && version.back() != '.') {
      version += '.';
    } else {
      break;
    }
  }
  while (!version.empty() && version.back() == '.') version.pop_back();
  return version;
}

/// "3.2.5" from the name of the module that Cython's shared types live in, "_cython_3_2_5". User code has names such as
/// "grpc._cython_6cygrpc": only a number in parts is a version.
std::string cython_abi(const Texts& texts) {
  std::string version;
  texts.each("_cython_", 16, [&](std::string_view text) {
    version = version_text(text, "_");
    return version.find('.') == std::string::npos;
  });
  return version.find('.') == std::string::npos ? std::string() : version;
}

bool defines(const Image& image, std::string_view start) {
  return std::ranges::any_of(
      image.symbols, [&](const Symbol& s) { return s.exported && std::string_view(s.name).starts_with(start); });
}

bool needs(const Image& image, std::string_view start) {
  return std::ranges::any_of(image.libraries, [&](const std::string& l) { return l.starts_with(start); });
}

void recognise(const Image& image, const Texts& texts, Marks& marks) {
  const auto set = [&](Framework framework, std::string version = {}) {
    marks.framework = framework;
    marks.framework_version = std::move(version);
  };
  if (texts.hold("cython_runtime")) return set(Framework::cython, cython_abi(texts));
  if (const auto text = texts.after("__pybind11_internals_v", 4)) {
    return set(Framework::pybind11, "internals " + version_text(*text, ""));
  }
  if (texts.hold("pybind11_object")) return set(Framework::pybind11);
  if (texts.hold("__nb_internals_") || texts.hold("nanobind::")) return set(Framework::nanobind);
  if (const auto text = texts.after("/pyo3-0.", 12)) return set(Framework::pyo3, "0." + version_text(*text, "."));
  if (texts.hold("pyo3_runtime")) return set(Framework::pyo3);
  if (needs(image, "libboost_python") || needs(image, "boost_python")) return set(Framework::boost_python);
  if (const auto text = texts.after("swig_runtime_data", 4); text && texts.hold("SwigPyObject")) {
    return set(Framework::swig, "runtime " + version_text(*text, ""));
  }
  if (texts.hold("__f2py_numpy_version__")) return set(Framework::f2py);
  const bool makes_a_module = image.imports_symbol("PyModule_Create2") || image.imports_symbol("PyModuleDef_Init");
  if (texts.hold("__mypyc")) return set(Framework::mypyc);
  if (!makes_a_module && texts.hold("_cffi_backend") && !defines(image, "PyInit__cffi_backend")) {
    return set(Framework::cffi);
  }
  if (texts.hold("/rustc/")) return set(Framework::rust);
}

}  // namespace

Marks find_marks(const Image& image) {
  const Texts texts(image);
  Marks marks;
  recognise(image, texts, marks);
  for (const model::LoadOnceGuard& guard : model::load_once_guards()) {
    if (texts.hold(guard.words)) marks.guard_texts.emplace_back(guard.words);
  }
  for (const auto& [text, library] : linked_marks) {
    if (texts.hold(text)) marks.linked_in.emplace_back(library);
  }
  for (const std::string_view name : capsules) {
    if (texts.hold(name)) marks.capsule_names.emplace_back(name);
  }
  return marks;
}

}  // namespace isoaudit::analyzer
