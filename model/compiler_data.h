#pragma once

#include <string_view>

namespace isoaudit::model {

/// A variable that the compiler or the runtime library of its instrumentation put into the module, by its symbol as the
/// linker knows it, its section, and the source file that the symbol table gives it; empty for what is not known. The C
/// runtime's and C++'s own are guarded or written at unload; the counters of a coverage, profile or sanitizer build are
/// shared and unguarded, and are gone in the build that users get.
bool is_compiler_data(std::string_view symbol, std::string_view section, std::string_view unit = {});

/// What the compiler links into every shared object of C or C++, instrumented or not ("completed.0").
bool is_c_runtime_data(std::string_view symbol);

/// A function of the instrumentation's runtime, which programs do not call themselves ("__ubsan_handle_add_overflow").
bool is_instrumentation_function(std::string_view name);

}  // namespace isoaudit::model
