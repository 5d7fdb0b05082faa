#pragma once

#include <string>

#include "analyzer/code/collect_code.h"

namespace isoaudit::analyzer {

/// For the tests of the reader, which build files: what their machine code does.
inline model::CodeFacts collect_code(const std::string& path) {
  const MappedFileResult mapped = map_file(path);
  if (mapped.file == nullptr) return {.why_not = mapped.error};
  const ImageResult read = read_image(mapped.file);
  if (!read.image) return {.why_not = read.error};
  return collect_code(*read.image);
}

/// The store happens while the loader initialises the file, and at no other time.
inline bool runs_at_load(const model::CodeWrite& write) {
  return write.reached.size() == 1 && write.reached.front().when == model::RunsWhen::static_initialiser;
}

}  // namespace isoaudit::analyzer
