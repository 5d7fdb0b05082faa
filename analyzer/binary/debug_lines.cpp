#include "analyzer/binary/debug_lines.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "analyzer/binary/dwarf.h"

namespace isoaudit::analyzer {
namespace {

/// Below the folder in which the compiler ran, as the source pass would name it.
using FileName = llvm::DILineInfoSpecifier::FileLineInfoKind;
const llvm::DILineInfoSpecifier specifier(FileName::RelativeFilePath,
                                          llvm::DILineInfoSpecifier::FunctionNameKind::None);

}  // namespace

LineOf read_lines(const Image& image) {
  Dwarf opened = open_dwarf(image, ".debug_line");
  if (opened.context == nullptr) return {};
  // std::function wants to be copied.
  const auto dwarf = std::make_shared<Dwarf>(std::move(opened));
  return [dwarf](std::uint64_t address) {
    const llvm::DILineInfo info =
        dwarf->context->getLineInfoForAddress({address, llvm::object::SectionedAddress::UndefSection}, specifier);
    model::Location where;
    // The column says little of optimised code, and would tell two halves of one store apart. Line 0: the compiler's
    // own code, which stands for no line.
    if (info.Line == 0 || info.FileName == llvm::DILineInfo::BadString) return where;
    where.file = std::filesystem::path(info.FileName).lexically_normal().generic_string();
    where.line = info.Line;
    return where;
  };
}

}  // namespace isoaudit::analyzer
