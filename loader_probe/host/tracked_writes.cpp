#include "loader_probe/host/tracked_writes.h"

#include <llvm/DebugInfo/Symbolize/Symbolize.h>

#include <filesystem>

#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

using llvm::json::Array;
using llvm::json::Object;

constexpr std::size_t kFieldsOfWrite = 11;

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

}  // namespace

std::map<Address, std::vector<TrackedWrite>> read_tracked_writes(const EventLog& log) {
  std::map<std::int64_t, std::string> images;
  for (const Object* event : log.named(events::image)) images[integer_of(*event, "index")] = string_of(*event, "path");
  std::map<Address, std::vector<TrackedWrite>> found;
  for (const Object* event : log.named(events::written)) {
    const Array* rows = event->getArray("writes");
    if (!rows) continue;
    for (const llvm::json::Value& value : *rows) {
      const Array* row = value.getAsArray();
      if (!row || row->size() != kFieldsOfWrite) continue;
      const auto number = [&](std::size_t i) { return (*row)[i].getAsInteger().value_or(0); };
      const auto text = [&](std::size_t i) { return (*row)[i].getAsString().value_or("").str(); };
      const auto image = images.find(number(0));
      if (image == images.end()) continue;
      const auto vaddr = static_cast<std::uint64_t>(number(1));
      TrackedWrite write;
      write.step = string_of(*event, "step");
      write.interpreter = integer_of(*event, "interp");
      write.before = number(2);
      write.after = number(3);
      write.atomic = number(5) != 0;
      write.changed = number(6) != 0;
      write.byte = vaddr % 8;
      write.code_file = text(7);
      write.code = static_cast<std::uint64_t>(number(8));
      write.through_file = text(9);
      write.through = static_cast<std::uint64_t>(number(10));
      found[{image->second, vaddr - vaddr % 8, false}].push_back(std::move(write));
    }
  }
  return found;
}

std::string tracking_gap(const EventLog& log) {
  for (const Object* event : log.named(events::untracked)) return string_of(*event, "text");
  if (!log.finished) {
    return log.last_step.empty() ? "the process did not start" : "the process ended during " + log.last_step;
  }
  for (const Object* event : log.named(events::written)) {
    if (string_of(*event, "mode") == events::mode_page) return "only the first write to each page in a step is seen";
    if (integer_of(*event, "dropped") > 0 || integer_of(*event, "left_open") > 0) {
      return "some memory is written too often, or by several threads";
    }
  }
  return "";
}

struct CodePlaces::Symbolizers {
  llvm::symbolize::LLVMSymbolizer symbolizer{options()};

  static llvm::symbolize::LLVMSymbolizer::Options options() {
    llvm::symbolize::LLVMSymbolizer::Options chosen;
    chosen.PathStyle = llvm::DILineInfoSpecifier::FileLineInfoKind::RawValue;
    chosen.Demangle = true;
    return chosen;
  }

  /// Nothing where the file has neither symbols nor debug information for it.
  llvm::DILineInfo find(const std::string& file, std::uint64_t address) {
    auto line = symbolizer.symbolizeCode(file, {address, llvm::object::SectionedAddress::UndefSection});
    if (line) return *line;
    llvm::consumeError(line.takeError());
    return {};
  }
};

CodePlaces::CodePlaces() : symbolizers_(std::make_unique<Symbolizers>()) {}
CodePlaces::~CodePlaces() = default;

model::WritingFunction CodePlaces::name(const TrackedWrite& write) {
  const auto known = [](const std::string& text) {
    return text == llvm::DILineInfo::BadString || text == llvm::DILineInfo::Addr2LineBadString ? std::string() : text;
  };
  model::WritingFunction writer;
  if (!write.code_file.empty()) {
    const llvm::DILineInfo line = symbolizers_->find(write.code_file, write.code);
    writer.function = known(line.FunctionName);
    writer.file = file_name(known(line.FileName));
    writer.line = line.Line;
    writer.address = write.code;
  }
  if (!write.through_file.empty()) {
    writer.through = known(symbolizers_->find(write.through_file, write.through).FunctionName);
    if (writer.through.empty()) writer.through = file_name(write.through_file);
  }
  return writer;
}

}  // namespace isoaudit::loader_probe
