#include "analyzer/binary/entry_points.h"
#include "analyzer/binary/holdings.h"
#include "analyzer/binary/imports.h"
#include "analyzer/binary/layouts.h"
#include "analyzer/binary/marks.h"
#include "tests/fuzz/described_image.h"
#include "tests/fuzz/targets.h"

namespace isoaudit::fuzz {

void fuzz_definition(Bytes bytes) {
  using namespace analyzer;
  const DescribedImage described = read_described_image(bytes);
  const model::TagVersions tag = model::versions_of_tag(described.abi_tag);
  const Marks marks = find_marks(described.image);
  read_entry_points(described.image, "_m", tag, marks.framework);
  find_static_objects(described.image, layouts_of(tag, described.image.pointer_size));
  api_imports(described.image);
}

}  // namespace isoaudit::fuzz
