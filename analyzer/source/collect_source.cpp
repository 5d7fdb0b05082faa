#include "analyzer/source/collect_source.h"

#include <llvm/Support/CrashRecoveryContext.h>
#include <llvm/Support/TargetSelect.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "analyzer/source/compile_commands.h"
#include "analyzer/source/link_units.h"
#include "analyzer/source/parse_unit.h"
#include "analyzer/source/project_files.h"
#include "analyzer/source/resource_dir.h"

namespace isoaudit::analyzer {
namespace {

void prepare_clang() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();  // "aarch64-linux-gnu-gcc" is known as a target
    llvm::CrashRecoveryContext::Enable();
  });
}

std::vector<UnitFacts> parse_all(const std::vector<CompileCommand>& commands, const ProjectFiles& project,
                                 const SourceOptions& options, const ParseOptions& parsing) {
  std::vector<UnitFacts> facts(commands.size());
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < commands.size(); i = next++) {
      facts[i] = parse_unit(commands[i], project, parsing);
      const std::size_t count = ++done;
      if (options.progress) options.progress(count, commands.size());
    }
  };
  const std::size_t wanted = options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::thread> workers;
  for (std::size_t i = 1; i < std::min(wanted, commands.size()); ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  return facts;
}

}  // namespace

SourceResult collect_source(const SourceOptions& options) {
  SourceResult result;
  const ProjectFiles project(options.roots);
  CompileCommands commands = find_compile_commands(project, options.build_dirs);
  result.gaps = std::move(commands.gaps);
  result.no_commands = commands.units.empty();
  if (commands.units.empty()) {
    if (commands.found) {
      for (const std::string& root : options.roots) {
        result.gaps.push_back({root, "no compile command names a unit below it"});
      }
    }
    std::ranges::sort(result.gaps);
    return result;
  }
  ParseOptions parsing{find_resource_dir(), options.python_include};
  if (parsing.resource_dir.empty()) {
    result.gaps.push_back(
        {"Clang's own headers", "not found, so no unit was read; looked in " + resource_dir_places()});
    return result;
  }
  prepare_clang();
  result.facts = link_units(parse_all(commands.units, project, options, parsing), result.gaps);
  return result;
}

}  // namespace isoaudit::analyzer
