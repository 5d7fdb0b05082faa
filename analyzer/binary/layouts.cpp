#include "analyzer/binary/layouts.h"

namespace isoaudit::analyzer {

std::vector<const model::PythonLayout*> layouts_of(const model::TagVersions& tag, unsigned pointer_size) {
  std::vector<const model::PythonLayout*> layouts;
  for (const model::PythonLayout& layout : model::python_layouts(pointer_size)) {
    if (layout.free_threaded != tag.free_threaded) continue;
    for (const model::PythonVersion& version : tag.versions) {
      if (layout.version == version) layouts.push_back(&layout);
    }
  }
  if (layouts.empty()) {
    for (const model::PythonLayout& layout : model::python_layouts(pointer_size)) {
      if (layout.free_threaded == tag.free_threaded) return {&layout};
    }
  }
  return layouts;
}

}  // namespace isoaudit::analyzer
