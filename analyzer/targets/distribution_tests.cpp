#include "analyzer/targets/distribution_tests.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace isoaudit::analyzer {
namespace {

namespace fs = std::filesystem;

/// The first field of a line of CSV.
std::string first_field(const std::string& line) {
  if (!line.starts_with('"')) return line.substr(0, line.find(','));
  std::string field;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (i + 1 == line.size() || line[i + 1] != '"') break;
      ++i;
    }
    field += line[i];
  }
  return field;
}

std::vector<std::string> read_record(const fs::path& path) {
  std::vector<std::string> files;
  std::ifstream record(path);
  for (std::string line; std::getline(record, line);) {
    if (line.ends_with('\r')) line.pop_back();
    files.push_back(first_field(line));
  }
  return files;
}

bool is_test(const std::string& file) {
  const std::string name = file.substr(file.rfind('/') + 1);
  return name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py")) && !file.starts_with("..");
}

/// Of the distribution that has this file; nothing when none says so.
std::vector<std::string> files_beside(const std::string& file, const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> records;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    if (entry.path().extension() == ".dist-info") records.push_back(entry.path() / "RECORD");
  }
  std::ranges::sort(records);
  for (const fs::path& record : records) {
    std::vector<std::string> files = read_record(record);
    if (std::ranges::find(files, file) != files.end()) return files;
  }
  return {};
}

}  // namespace

DistributionTests find_distribution_tests(const std::string& module_file, const std::string& import_root) {
  DistributionTests found;
  std::error_code error;
  const fs::path root = fs::absolute(import_root, error).lexically_normal();
  const std::string file =
      fs::absolute(module_file, error).lexically_normal().lexically_relative(root).generic_string();
  std::vector<std::string> tests = files_beside(file, root);
  if (tests.empty()) {
    found.why_none = "no installed distribution has it in its RECORD";
    return found;
  }
  std::erase_if(tests, [](const std::string& name) { return !is_test(name); });
  std::ranges::sort(tests);
  for (std::string package = file; !package.empty() && found.files.empty();) {
    package.resize(package.find('/') == std::string::npos ? 0 : package.rfind('/'));
    const std::string below = package.empty() ? "" : package + "/";
    for (const std::string& test : tests) {
      if (test.starts_with(below) && fs::is_regular_file(root / test, error)) {
        found.files.push_back((root / test).string());
      }
    }
  }
  if (found.files.empty()) found.why_none = "its distribution brings no tests";
  return found;
}

}  // namespace isoaudit::analyzer
