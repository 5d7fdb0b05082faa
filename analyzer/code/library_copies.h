#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/image/image.h"
#include "analyzer/tables/parameters.h"

/// Inline functions of C++'s library that stand in the file as functions of its own: the compiler did not put them into
/// their callers, without optimisation none. Their names tell what reading them does not: that the pointer which a
/// guard keeps is a lock's.
namespace isoaudit::analyzer {

/// What the tables know, by where it begins: what takes or gives back a lock, with its name in the table of locks; the
/// compilers' own functions for AArch64's atomic instructions. The image has to outlive the names.
std::unordered_map<std::uint64_t, std::string_view> known_copies(const Image& image);

/// What such a function does with what its argument number `argument` points to, where its mangled name tells.
std::optional<ParameterUse> copy_s_use(const std::string& function, unsigned argument);

/// Bytes of a std::string, of which the mangled name is a method of libstdc++'s or libc++'s; 0 when it is none.
std::uint64_t text_size_of_method(std::string_view function);

}  // namespace isoaudit::analyzer
