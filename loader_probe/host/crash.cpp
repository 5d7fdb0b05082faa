#include "loader_probe/host/crash.h"

#include <llvm/Support/FormatVariadic.h>

#include <cstdlib>
#include <filesystem>

#include "loader_probe/host/tracked_writes.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

namespace fs = std::filesystem;

/// "NULL pointer": what lies a few bytes behind it is a member of an object that is not there.
std::string address_text(const std::string& decimal) {
  const std::uint64_t address = std::strtoull(decimal.c_str(), nullptr, 10);
  const std::string shown = llvm::formatv("{0:x}", address);
  return "at address " + shown + (address < 4096 ? ", behind a NULL pointer" : "");
}

}  // namespace

Crash read_crash(const EventLog& log, const std::string& module_path, const std::string& executable) {
  Crash crash;
  const auto told = log.named(events::crash);
  if (told.empty()) return crash;
  const llvm::json::Object& event = *told.back();
  if (const std::string address = string_of(event, "address"); !address.empty()) {
    crash.stack.push_back(address_text(address));
  }
  const llvm::json::Array* frames = event.getArray("frames");
  if (frames == nullptr) return crash;
  CodePlaces places;
  for (const llvm::json::Value& value : *frames) {
    const llvm::json::Array* frame = value.getAsArray();
    if (frame == nullptr || frame->size() != 2) continue;
    std::string file = (*frame)[0].getAsString().value_or("").str();
    if (file == "/proc/self/exe") file = executable;
    TrackedWrite instruction;
    instruction.code_file = file;
    instruction.code = static_cast<std::uint64_t>((*frame)[1].getAsInteger().value_or(0));
    if (file.empty()) {
      crash.stack.emplace_back("an address that belongs to no file");
      continue;
    }
    const model::WritingFunction place = places.name(instruction);
    const std::string name = fs::path(file).filename().string();
    const std::string where = place.line > 0 ? place.file + ":" + std::to_string(place.line) : name;
    crash.stack.push_back(place.function.empty() ? llvm::formatv("{0}+{1:x}", name, instruction.code).str()
                                                 : "`" + place.function + "` (" + where + ")");
    std::error_code error;
    if (crash.in_module.empty() && fs::equivalent(file, module_path, error)) crash.in_module = place.function;
  }
  return crash;
}

}  // namespace isoaudit::loader_probe
