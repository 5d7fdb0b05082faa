#include "cli/named_inputs.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "analyzer/archive/read_archive.h"
#include "analyzer/targets/path_list.h"
#include "model/module_file_name.h"

namespace isoaudit::cli {
namespace {

/// A list that is longer is no list of paths.
constexpr std::size_t most_list_bytes = std::size_t{64} << 20;

bool is_path(const std::string& word) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(word, error);
  if (status.type() != std::filesystem::file_type::not_found) return true;
  return !analyzer::is_distribution_name(word) || analyzer::is_archive_name(word) ||
         model::parse_module_file_name(word).has_value();
}

std::string read_list(std::istream& list, NamedInputs& inputs) {
  std::string content;
  std::string block(std::size_t{1} << 16, '\0');
  while (list && content.size() <= most_list_bytes) {
    list.read(block.data(), static_cast<std::streamsize>(block.size()));
    content.append(block, 0, static_cast<std::size_t>(list.gcount()));
  }
  if (content.size() <= most_list_bytes) return content;
  inputs.gaps.push_back({"-", "is longer than any list of paths"});
  return "";
}

}  // namespace

NamedInputs named_inputs(const Options& options, std::istream& list) {
  NamedInputs inputs;
  const bool names = options.command != Command::scan;
  bool list_read = false;
  for (const std::string& word : options.targets) {
    if (word == "-") {
      if (std::exchange(list_read, true)) continue;
      const std::size_t before = inputs.paths.size();
      for (std::string& path : analyzer::split_path_list(read_list(list, inputs))) inputs.paths.push_back(path);
      if (inputs.paths.size() == before && inputs.gaps.empty()) inputs.gaps.push_back({"-", "no paths on stdin"});
    } else if (names && !is_path(word)) {
      inputs.distributions.push_back({word, "", ""});
    } else {
      inputs.paths.push_back(word);
    }
  }
  for (const std::string& file : options.requirement_files) {
    analyzer::Requirements read = analyzer::read_requirements(file);
    std::ranges::move(read.paths, std::back_inserter(inputs.paths));
    std::ranges::move(read.names, std::back_inserter(inputs.distributions));
    std::ranges::move(read.gaps, std::back_inserter(inputs.gaps));
  }
  return inputs;
}

}  // namespace isoaudit::cli
