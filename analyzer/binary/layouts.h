#pragma once

#include <vector>

#include "model/module_file_name.h"
#include "model/python_version.h"

namespace isoaudit::analyzer {

/// The layouts that objects in a file with this tag and pointers of this size may have: one version's own; every
/// version's for abi3 and plain names, whose headers only the bytes tell; the oldest for a version that isoaudit does
/// not know.
std::vector<const model::PythonLayout*> layouts_of(const model::TagVersions& tag, unsigned pointer_size);

}  // namespace isoaudit::analyzer
