#include "rules/writers_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace isoaudit::rules {
namespace {

constexpr std::size_t kMaxNamed = 3;

std::string one(const model::WritingFunction& writer) {
  std::string text;
  if (!writer.function.empty()) {
    text = fmt::format("`{}`", writer.function);
  } else if (writer.address != 0) {
    text = fmt::format("the code at {:#x}", writer.address);
  }
  // Code of no line of its own, such as what a compiler moved together, has line 0.
  if (!writer.file.empty()) {
    text += writer.line == 0 ? fmt::format(" ({})", writer.file) : fmt::format(" ({}:{})", writer.file, writer.line);
  }
  if (text.empty()) return fmt::format("`{}`", writer.through);
  return writer.through.empty() ? text : fmt::format("{} through `{}`", text, writer.through);
}

}  // namespace

std::string writers_text(const std::vector<model::WritingFunction>& writers) {
  std::vector<std::string> names;
  for (const model::WritingFunction& writer : writers) {
    // Several instructions of one line are one writer.
    std::string name = one(writer);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxNamed) return text + fmt::format(" and {} more", names.size() - i);
    text += (i == 0 ? ", written by " : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

}  // namespace isoaudit::rules
