#include "analyzer/binary/collect_binary.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>

#include "analyzer/binary/debug_lines.h"
#include "analyzer/binary/digest.h"
#include "analyzer/binary/entry_points.h"
#include "analyzer/binary/footprint.h"
#include "analyzer/binary/holdings.h"
#include "analyzer/binary/imports.h"
#include "analyzer/binary/layouts.h"
#include "analyzer/binary/marks.h"
#include "analyzer/code/collect_code.h"
#include "analyzer/image/image.h"
#include "model/module_definition.h"
#include "model/module_file_name.h"

namespace isoaudit::analyzer {
namespace {

BinaryResult refuse(const BinaryInput& input, const std::string& reason, bool not_an_extension = false) {
  BinaryResult result;
  result.gaps.push_back({input.path, reason});
  result.not_an_extension = not_an_extension;
  return result;
}

/// What the file's place and name say of every image in it.
struct FileNames {
  std::string module{};
  std::string stem{};
  std::string abi_tag{};
  model::TagVersions tag{};
};

FileNames names_of(const BinaryInput& input) {
  const std::string name = std::filesystem::path(input.path).filename().string();
  const model::ModuleFileName file_name =
      model::parse_module_file_name(name).value_or(model::ModuleFileName{name.substr(0, name.find('.')), ""});
  FileNames names;
  names.module = input.module.empty() ? file_name.stem : input.module;
  names.stem = input.module.empty() ? file_name.stem : input.module.substr(input.module.rfind('.') + 1);
  names.abi_tag = file_name.abi_tag;
  names.tag = model::versions_of_tag(file_name.abi_tag);
  return names;
}

bool is_hook(std::string_view exported) {
  // Of a library's many names hardly one is worth a copy.
  const bool like_one = exported.starts_with("PyInit") || exported.starts_with("PyModExport");
  return like_one && model::parse_hook(std::string(exported)).has_value();
}

/// Empty when the image exports no hook.
std::optional<model::BinaryFacts> read_facts(const BinaryInput& input, const FileNames& names, const Image& image) {
  const auto hook = [](const Symbol& symbol) { return symbol.exported && is_hook(symbol.name); };
  if (std::ranges::none_of(image.symbols, hook)) return std::nullopt;
  const Marks marks = find_marks(image);
  model::BinaryFacts facts;
  facts.entry_points = read_entry_points(image, names.stem, names.tag, marks.framework);
  if (facts.entry_points.empty()) return std::nullopt;
  facts.path = input.path;
  facts.module = names.module;
  facts.import_root = input.import_root;
  facts.format = image.format;
  facts.arch = image.arch;
  facts.abi_tag = names.abi_tag;
  facts.framework = marks.framework;
  facts.framework_version = marks.framework_version;
  facts.api_imports = api_imports(image);
  facts.static_objects = find_static_objects(image, layouts_of(names.tag, image.pointer_size));
  facts.libraries = image.libraries;
  facts.guard_texts = marks.guard_texts;
  facts.linked_in = marks.linked_in;
  facts.capsule_names = marks.capsule_names;
  facts.footprint = footprint_of(image);
  if (input.reads_code && input.reads_code(facts)) {
    declare_variables(image, facts.static_objects);
    facts.code = collect_code(image, read_lines(image));
  }
  return facts;
}

BinaryResult collect(const BinaryInput& input) {
  MappedFileResult mapped = input.file != nullptr ? MappedFileResult{input.file, {}} : map_file(input.path);
  if (mapped.file == nullptr) return refuse(input, mapped.error);
  const std::shared_ptr<const MappedFile> file = mapped.file;
  const ImageResult read = read_image(file, is_hook);
  if (!read.image) return refuse(input, read.error);

  const FileNames names = names_of(input);
  BinaryResult result;
  result.facts = read_facts(input, names, *read.image);
  for (const Image& slice : read.other_slices) {
    std::optional<model::BinaryFacts> facts = read_facts(input, names, slice);
    if (!facts) continue;
    if (!result.facts) {
      result.facts = std::move(facts);
    } else {
      result.other_slices.push_back(std::move(*facts));
    }
  }
  if (!result.facts) return refuse(input, "not an extension module: exports no PyInit_ or PyModExport_ hook", true);
  if (!read.error.empty()) result.gaps.push_back({input.path, read.error});
  result.facts->sha256 = sha256_hex(file->bytes());
  for (model::BinaryFacts& slice : result.other_slices) slice.sha256 = result.facts->sha256;
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
