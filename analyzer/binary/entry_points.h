#pragma once

#include <string>
#include <vector>

#include "analyzer/image/image.h"
#include "model/binary_facts.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {

/// Every hook that the file exports, sorted by symbol, with what each declares to the versions that would load the
/// file; versions with equal answers share a row. `stem` is the module name that the file's name gives.
std::vector<model::BinaryEntryPoint> read_entry_points(const Image& image, const std::string& stem,
                                                       const model::TagVersions& tag, model::Framework framework);

}  // namespace isoaudit::analyzer
