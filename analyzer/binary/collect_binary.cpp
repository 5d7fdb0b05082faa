#include "analyzer/binary/collect_binary.h"

#include <exception>
#include <filesystem>
#include <new>

#include "analyzer/binary/digest.h"
#include "analyzer/binary/entry_points.h"
#include "analyzer/binary/holdings.h"
#include "analyzer/binary/imports.h"
#include "analyzer/binary/layouts.h"
#include "analyzer/binary/marks.h"
#include "analyzer/image/image.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

BinaryResult refuse(const BinaryInput& input, const std::string& reason, bool not_an_extension = false) {
  return {std::nullopt, {{input.path, reason}}, not_an_extension};
}

BinaryResult collect(const BinaryInput& input) {
  MappedFileResult mapped = input.file != nullptr ? MappedFileResult{input.file, {}} : map_file(input.path);
  if (mapped.file == nullptr) return refuse(input, mapped.error);
  const std::shared_ptr<const MappedFile> file = mapped.file;
  ImageResult read = read_image(file);
  if (!read.image) return refuse(input, read.error);
  const Image& image = *read.image;

  const std::string name = std::filesystem::path(input.path).filename().string();
  const model::ModuleFileName file_name =
      model::parse_module_file_name(name).value_or(model::ModuleFileName{name.substr(0, name.find('.')), ""});
  const model::TagVersions tag = model::versions_of_tag(file_name.abi_tag);
  const Marks marks = find_marks(image);
  const std::string stem = input.module.empty() ? file_name.stem : input.module.substr(input.module.rfind('.') + 1);

  BinaryResult result;
  model::BinaryFacts facts;
  facts.entry_points = read_entry_points(image, stem, tag, marks.framework);
  if (facts.entry_points.empty()) {
    return refuse(input, "not an extension module: exports no PyInit_ or PyModExport_ hook", true);
  }
  facts.path = input.path;
  facts.module = input.module.empty() ? file_name.stem : input.module;
  facts.import_root = input.import_root;
  facts.sha256 = sha256_hex(file->bytes());
  facts.format = image.format;
  facts.arch = image.arch;
  facts.abi_tag = file_name.abi_tag;
  facts.framework = marks.framework;
  facts.framework_version = marks.framework_version;
  facts.api_imports = api_imports(image);
  facts.static_objects = find_static_objects(image, layouts_of(tag));
  facts.libraries = image.libraries;
  facts.guard_texts = marks.guard_texts;
  facts.capsule_names = marks.capsule_names;
  result.facts = std::move(facts);
  return result;
}

}  // namespace

BinaryResult collect_binary(const BinaryInput& input) {
  try {
    return collect(input);
  } catch (const std::bad_alloc&) {
    return refuse(input, "cannot be read: it asks for more memory than there is");
  } catch (const std::exception& error) {
    return refuse(input, std::string("cannot be read: ") + error.what());
  }
}

}  // namespace isoaudit::analyzer
