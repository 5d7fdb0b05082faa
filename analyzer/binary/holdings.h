#pragma once

#include <span>
#include <vector>

#include "analyzer/image/memory.h"
#include "model/binary_facts.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {

/// What lies in the module's own writable memory: static types (by tp_name), static instances of types that the file
/// itself shows, and named variables. Module definitions are none of them. Sorted.
std::vector<model::StaticObject> find_static_objects(const Image& image,
                                                     std::span<const model::PythonLayout* const> layouts);

/// Adds type, file and line of each variable that the file's debug information declares. That takes longer than all
/// else that is read of a file: it is for those whose code is read too.
void declare_variables(const Image& image, std::vector<model::StaticObject>& objects);

}  // namespace isoaudit::analyzer
