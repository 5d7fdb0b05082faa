#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace isoaudit::analyzer {

struct IncludeLine {
  std::string name{};
  bool quoted = false;
  /// Under no #if but the one that guards the whole file.
  bool always = false;
  /// Where HAVE_CONFIG_H is defined.
  bool configured = false;
};

struct IncludeLines {
  /// Of every branch of every #if, in order; a name that a macro makes is not among them.
  std::vector<IncludeLine> includes{};
  /// A function called main is defined: a program, no part of a module.
  bool has_main = false;
  std::size_t bytes = 0;
};

/// What a file that cannot be read includes is nothing.
IncludeLines read_include_lines(const std::string& path);

}  // namespace isoaudit::analyzer
