#include "analyzer/source/collect_source.h"

#include <clang/Basic/Version.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "analyzer/source/build_id.h"
#include "analyzer/source/compile_commands.h"
#include "analyzer/source/facts_cache.h"
#include "analyzer/source/guess_commands.h"
#include "analyzer/source/link_units.h"
#include "analyzer/source/parse_units.h"
#include "analyzer/source/project_files.h"
#include "analyzer/source/resource_dir.h"
#include "analyzer/source/unit_record.h"

namespace isoaudit::analyzer {
namespace {

/// All beside a unit's command that its facts hang on: this program, its Clang, what else it is told, and what the
/// driver reads of the environment.
std::string cache_context(const ProjectFiles& project, const ParseOptions& parsing) {
  std::string context = build_id() + '\0' + clang::getClangFullVersion() + '\0' + parsing.resource_dir + '\0' +
                        parsing.python_include + '\0' + (parsing.only_that_python ? "only" : "for want of another") +
                        '\0' + project.key();
  for (const std::string& name : parsing.names.wrapper_classes) context += '\0' + name;
  context += '\0';
  for (const std::string& name : parsing.names.functions) context += '\0' + name;
  for (const char* name : {"CPATH",
                           "C_INCLUDE_PATH",
                           "CPLUS_INCLUDE_PATH",
                           "OBJC_INCLUDE_PATH",
                           "OBJCPLUS_INCLUDE_PATH",
                           "COMPILER_PATH",
                           "GCC_EXEC_PREFIX",
                           "SDKROOT",
                           "SYSROOT",
                           "CLANG_NO_DEFAULT_CONFIG",
                           "CLANG_CONFIG_PATH",
                           "HOME",
                           "MACOSX_DEPLOYMENT_TARGET",
                           "IPHONEOS_DEPLOYMENT_TARGET",
                           "INCLUDE",
                           "EXTERNAL_INCLUDE",
                           "VCToolsInstallDir",
                           "VCINSTALLDIR",
                           "WindowsSdkDir",
                           "UniversalCRTSdkDir",
                           "EMSCRIPTEN",
                           "ANDROID_NDK",
                           "SCE_ORBIS_SDK_DIR"}) {
    const char* value = std::getenv(name);
    context += '\0' + (value == nullptr ? std::string("unset") : "set to " + std::string(value));
  }
  return context;
}

/// What is given back stays with the process, and with those that it forks: a parse hardly gives back anything before
/// its process ends, and what joins the units asks for as much again at each step.
void keep_memory() {
  mallopt(M_TOP_PAD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

LinkedProgram parse_and_link(const std::vector<CompileCommand>& commands, bool is_guess, const ProjectFiles& project,
                             const ParseOptions& parsing, FactsCache& cache, const SourceOptions& options,
                             SourceResult& result) {
  ParsedUnits parsed = parse_units(commands, project, parsing, cache, options.jobs, options.progress);
  result.cached_units = parsed.cached;
  result.cache_trouble = std::move(parsed.cache_trouble);
  std::optional<std::vector<Lookup>> lookups = cache.lookups_of(commands, parsed.facts);
  for (UnitFacts& unit : parsed.facts) unit.unit.incomplete = is_guess || !unit.gaps.empty();
  LinkedProgram program;
  program.facts = link_units(std::move(parsed.facts), program.gaps);
  if (lookups) result.facts_name = cache.keep_program(commands, is_guess, *std::move(lookups), program);
  if (result.cache_trouble.empty()) result.cache_trouble = cache.trouble();
  return program;
}

}  // namespace

model::SourceFacts PackedFacts::unpacked() const {
  model::SourceFacts facts;
  // Its hash was right, and it is this very program that wrote it.
  if (!from_bytes(bytes, facts)) throw std::logic_error("the cache holds facts that cannot be read");
  return facts;
}

SourceResult collect_source(const SourceOptions& options) {
  keep_memory();
  SourceResult result;
  const ProjectFiles project(options.roots);
  CompileCommands commands = find_compile_commands(project, options.build_dirs);
  result.gaps = std::move(commands.gaps);
  result.no_commands = commands.units.empty();
  const bool is_guess = commands.units.empty() && options.guess && options.build_dirs.empty();
  GuessedCommands guessed;
  if (is_guess) {
    guessed = guess_commands(project, options.roots, options.settings, options.python_include);
    commands.units = std::move(guessed.units);
    std::ranges::move(guessed.gaps, std::back_inserter(result.gaps));
    result.notes = std::move(guessed.notes);
  }
  if (commands.units.empty()) {
    if (commands.found || is_guess) {
      for (const std::string& root : options.roots) {
        result.gaps.push_back({root, is_guess ? "no source below it looks like a part of an extension module"
                                              : "no compile command names a unit below it"});
      }
    }
    std::ranges::sort(result.gaps);
    return result;
  }
  ParseOptions parsing{find_resource_dir(), options.python_include, options.only_that_python, options.names, {}};
  if (is_guess) parsing.limits = {options.guessed_seconds, options.guessed_memory};
  if (parsing.resource_dir.empty()) {
    result.gaps.push_back(
        {"Clang's own headers", "not found, so no unit was read; looked in " + resource_dir_places()});
    return result;
  }
  // Without a build id the program could not tell its own facts from those of an older one.
  const bool may_keep = !options.cache_dir.empty() && !build_id().empty();
  FactsCache cache(may_keep ? options.cache_dir : std::string(), cache_context(project, parsing));
  LinkedProgram program;
  if (std::optional<KeptProgram> kept = cache.find_program(commands.units, is_guess)) {
    result.packed.bytes = std::move(kept->facts);
    result.facts_name = std::move(kept->facts_name);
    result.cached_units = commands.units.size();
    program.gaps = std::move(kept->gaps);
    // Of guesses it depends on the facts what is said to be left out.
    if (!options.leave_packed || is_guess) program.facts = std::exchange(result.packed, {}).unpacked();
  } else {
    program = parse_and_link(commands.units, is_guess, project, parsing, cache, options, result);
  }
  result.facts = std::move(program.facts);
  std::ranges::move(program.gaps, std::back_inserter(result.gaps));
  std::ranges::move(left_out(guessed, result.facts.units), std::back_inserter(result.gaps));
  std::ranges::sort(result.gaps);
  const auto repeated = std::ranges::unique(result.gaps);
  result.gaps.erase(repeated.begin(), repeated.end());
  return result;
}

}  // namespace isoaudit::analyzer
