#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/image/memory.h"
#include "model/write_words.h"

namespace isoaudit::analyzer {

/// A function whose address the image holds in a table, and when that leads to it.
struct FunctionInTable {
  /// Where the address lies.
  std::uint64_t at = 0;
  std::uint64_t function = 0;
  model::RunsWhen when = model::RunsWhen::call;
  /// Which way, in the source pass's words: "method `lookup`", "tp_new of `Point`", "table `handlers`".
  std::string how{};
  /// Python calls it by that name; a table of unknown purpose says nothing of the kind.
  bool by_python = false;
};

/// All addresses of code in the image's data, in order. PyModuleDef, PyType_Spec and static types are recognised by
/// their shape, and so are the slot arrays and the PyMethodDef and PyGetSetDef arrays, wherever they lie; everything
/// else is a table whose functions may be called at any time.
std::vector<FunctionInTable> find_functions_in_tables(const Memory& memory);

}  // namespace isoaudit::analyzer
