#include "analyzer/source/unit_start.h"

#include <llvm/Support/MemoryBuffer.h>

#include <filesystem>
#include <utility>

#include "analyzer/source/lookups.h"

namespace isoaudit::analyzer {
namespace fs = std::filesystem;

UnitStart start_of(const CompileCommand& command) {
  UnitStart start;
  const auto buffer = llvm::MemoryBuffer::getFile(command.file, false, false);
  if (!buffer) return start;
  const std::string folder = fs::path(command.file).parent_path().string();
  start.content = content_hash((*buffer)->getBuffer());
  start.steps = leading_steps((*buffer)->getBuffer());
  for (const LeadingStep& step : start.steps) {
    std::string key = step.text;
    std::vector<std::string> elsewhere;
    for (const std::string& name : step.quoted) {
      std::error_code error;
      if (!fs::path(name).is_absolute() && fs::exists(fs::path(folder) / name, error)) {
        key += '\0' + folder;
      } else {
        elsewhere.push_back(name);
      }
    }
    start.keys.push_back(std::move(key));
    start.not_beside.push_back(std::move(elsewhere));
  }
  return start;
}

}  // namespace isoaudit::analyzer
