#include "model/compiler_data.h"

#include <algorithm>
#include <array>

namespace isoaudit::model {
namespace {

// GCC 12: crtstuff.c; the Itanium C++ ABI, 5.1.5.
constexpr std::array<std::string_view, 3> own_names{"completed.0", "__dso_handle", "__TMC_END__"};

// Guards of function-local statics; GCC's gcc/coverage.cc (gcov); Clang 19: InstrProfData.inc (prof),
// SanitizerCoverage.cpp (sancov), AddressSanitizer.cpp and the other sanitizers' passes.
constexpr std::array<std::string_view, 16> own_prefixes{
    "_ZGV",      "__gcov",   "__llvm_gcov", "__llvm_profile", "__llvm_prf", "__profc_", "__profd_", "__profvp_",
    "__profbm_", "__sancov", "__asan_",     "__hwasan_",      "__msan_",    "__tsan_",  "__ubsan_", "__sanitizer_",
};

// The same documents; Mach-O shows a segment before it, so they are looked for inside.
constexpr std::array<std::string_view, 3> own_sections{"__llvm_prf_", "__sancov_", "asan_globals"};

// The files of compiler-rt 19 lib/profile and of GCC's libgcc that are linked into an instrumented module.
constexpr std::array<std::string_view, 3> own_units{"InstrProfiling", "libgcov", "GCDAProfiling"};

constexpr std::array<std::string_view, 10> runtime_prefixes{"__asan_", "__hwasan_",    "__msan_", "__tsan_", "__ubsan_",
                                                            "__lsan_", "__sanitizer_", "__gcov_", "__llvm_", "lprof"};

bool starts_with_one(std::string_view text, const auto& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

}  // namespace

bool is_c_runtime_data(std::string_view symbol) { return std::ranges::find(own_names, symbol) != own_names.end(); }

bool is_compiler_data(std::string_view symbol, std::string_view section, std::string_view unit) {
  const auto inside = [&](std::string_view name) { return section.find(name) != std::string_view::npos; };
  return is_c_runtime_data(symbol) || starts_with_one(symbol, own_prefixes) || starts_with_one(unit, own_units) ||
         std::ranges::any_of(own_sections, inside);
}

bool is_instrumentation_function(std::string_view name) { return starts_with_one(name, runtime_prefixes); }

}  // namespace isoaudit::model
