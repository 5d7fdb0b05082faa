#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/source/collect_source.h"

namespace isoaudit::tests {

/// A folder with sources and a hand-made compile_commands.json, gone when the test ends.
class ScratchProject {
 public:
  ScratchProject() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isoaudit-source-XXXXXX").string();
    root_ = std::filesystem::canonical(mkdtemp(pattern.data())).string();
  }
  ~ScratchProject() { std::filesystem::remove_all(root_); }
  ScratchProject(const ScratchProject&) = delete;
  ScratchProject& operator=(const ScratchProject&) = delete;

  const std::string& root() const { return root_; }

  void write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = std::filesystem::path(root_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  /// A unit and the command that compiles it.
  void unit(const std::string& name, std::string_view text, const std::string& flags = {}) {
    write(name, text);
    command(name, (name.ends_with(".c") ? "gcc " : "g++ ") + flags + " -c " + name + " -o " + name + ".o");
  }
  void command(const std::string& file, const std::string& line, const std::string& directory = {}) {
    entries_ += std::string(entries_.empty() ? "" : ",\n") + R"({"directory": ")" +
                (directory.empty() ? root_ : directory) + R"(", "file": ")" + file + R"(", "command": ")" + line +
                "\"}";
  }
  void write_commands(const std::string& folder = ".") const {
    write(folder + "/compile_commands.json", "[" + entries_ + "]");
  }

  analyzer::SourceResult scan(analyzer::SourceOptions options = {}) const {
    if (!entries_.empty()) write_commands();
    if (options.roots.empty()) options.roots = {root_};
    if (options.python_include.empty()) options.python_include = ISOAUDIT_TEST_PYTHON_INCLUDE;
    return analyzer::collect_source(options);
  }

 private:
  std::string root_{};
  std::string entries_{};
};

/// One C unit below `#include <Python.h>`; line 2 is the text's first. It must compile.
inline model::SourceFacts facts_of(std::string_view text, const std::string& file = "demo.c",
                                   const std::string& flags = {}) {
  ScratchProject project;
  project.unit(file, "#include <Python.h>\n" + std::string(text), flags);
  const analyzer::SourceResult result = project.scan();
  for (const model::Gap& gap : result.gaps) ADD_FAILURE() << gap.input << ": " << gap.reason;
  return result.facts;
}

inline const model::Variable& variable(const model::SourceFacts& facts, std::string_view name) {
  const auto found = std::ranges::find(facts.variables, name, &model::Variable::name);
  if (found != facts.variables.end()) return *found;
  ADD_FAILURE() << "no variable " << name;
  static const model::Variable none;
  return none;
}

inline std::vector<std::string> names(const model::SourceFacts& facts) {
  std::vector<std::string> all;
  for (const model::Variable& found : facts.variables) all.push_back(found.name);
  return all;
}

inline const char* word(model::WriteKind kind) {
  switch (kind) {
    case model::WriteKind::assignment: return "assignment";
    case model::WriteKind::compound: return "compound";
    case model::WriteKind::member: return "member";
    case model::WriteKind::method: return "method";
    case model::WriteKind::pointee: return "pointee";
    case model::WriteKind::api_macro: return "macro";
    case model::WriteKind::address_passed: return "passed";
    case model::WriteKind::by_callee: return "by";
  }
  return "";
}

inline const char* word(model::StoredValue value) {
  switch (value) {
    case model::StoredValue::changed: return "changed";
    case model::StoredValue::unknown: return "unknown";
    case model::StoredValue::constant: return "constant";
    case model::StoredValue::immortal: return "immortal";
    case model::StoredValue::static_address: return "static";
    case model::StoredValue::call: return "call";
    case model::StoredValue::parameter: return "parameter";
  }
  return "";
}

/// "3 assignment call PyDict_New": line, kind, value and callee of each write.
inline std::vector<std::string> writes(const model::SourceFacts& facts, std::string_view name) {
  std::vector<std::string> all;
  for (const model::Write& write : variable(facts, name).writes) {
    std::string text = std::to_string(write.where.line) + " " + word(write.kind) + " " + word(write.value);
    if (!write.callee.empty()) text += " " + write.callee;
    all.push_back(text);
  }
  return all;
}

}  // namespace isoaudit::tests
