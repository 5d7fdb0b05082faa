#include "cli/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/version.h"
#include "reports/render.h"
#include "rules/registry.h"

namespace isoaudit::cli {
namespace {

/// What CLI11 fills; turned into Options once it is whole.
struct Raw {
  Options options{};
  std::vector<std::string> formats{};
  std::vector<std::string> files{};
  std::string fail_on = "hazard";
  std::string color = "auto";
  std::string config{};
  bool no_probe = false;
  bool no_sandbox = false;
  /// Files, and the word for what distributions bring.
  std::vector<std::string> exercise{};
};

constexpr char exercise_tests[] = "tests";

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const reports::Format& format : reports::formats()) names.emplace_back(format.name);
  return names;
}

void add_report_options(CLI::App& app, Raw& raw) {
  app.add_option("--format", raw.formats, "report format; repeat it for several -o")
      ->check(CLI::IsMember(format_names()))
      ->allow_extra_args(false);
  app.add_option("-o,--output", raw.files, "write the report to this file; repeatable, each with its own --format")
      ->allow_extra_args(false);
  app.add_option("--fail-on", raw.fail_on, "least severity of a finding that ends in status 1")
      ->check(CLI::IsMember({"blocker", "hazard", "never"}))
      ->capture_default_str();
  app.add_option("--select", raw.options.select, "only these rules")->delimiter(',')->allow_extra_args(false);
  app.add_option("--ignore", raw.options.ignore, "all rules but these")->delimiter(',')->allow_extra_args(false);
  app.add_option("-j,--jobs", raw.options.jobs, "units and modules read at once (0: one for each core)");
  app.add_flag("-q,--quiet", raw.options.quiet, "no progress and no talk on stderr");
  app.add_flag("-v,--verbose", raw.options.verbose, "every reason and every level of the run");
  app.add_option("--color", raw.color, "colours in the text report")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void add_python_option(CLI::App& app, Raw& raw) {
  app.add_option("--python", raw.options.pythons,
                 "version (3.14) or path of an interpreter; repeatable, a column each (the newest that fits)")
      ->allow_extra_args(false);
}

void add_source_options(CLI::App& app, Raw& raw) {
  app.add_option("-p,--build-dir", raw.options.build_dirs, "folder with compile_commands.json; repeatable")
      ->allow_extra_args(false);
  app.add_flag("--build", raw.options.build,
               "run the projects' own builds (pip wheel), in a copy, and read what they compile and make");
  app.add_option("--build-timeout", raw.options.build_timeout, "seconds for one build")
      ->check(CLI::Range(1.0, 86400.0))
      ->capture_default_str();
  app.add_option("--cache-dir", raw.options.cache_dir,
                 "where what was read of sources is kept for the next time ($XDG_CACHE_HOME/isoaudit/facts)")
      ->type_name("FOLDER");
  app.add_flag("--no-cache", raw.options.no_cache, "neither read nor write that folder");
}

void add_config(CLI::App& app, Raw& raw) {
  app.add_option("--config", raw.config, "TOML file with functions and classes that the rules shall know as well")
      ->type_name("FILE");
}

void add_probe_options(CLI::App& app, Raw& raw) {
  app.add_option("--interpreters", raw.options.interpreters, "interpreters at once")
      ->check(CLI::Range(2U, 64U))
      ->capture_default_str();
  app.add_option("--rounds", raw.options.rounds, "how often they are made, import, and end")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  app.add_option("--exercise", raw.exercise,
                 "a Python file that uses the module: exercise(module), or a script; or `tests`: what its distribution "
                 "brings for pytest; repeatable")
      ->check(CLI::ExistingFile | CLI::IsMember({std::string(exercise_tests)}))
      ->allow_extra_args(false)
      ->type_name("FILE|tests");
  app.add_option("--exercise-dir", raw.options.exercise_dir, "such files by name: package.module.py, else package.py")
      ->check(CLI::ExistingDirectory)
      ->type_name("FOLDER");
  app.add_flag("--debug-build", raw.options.debug_build,
               "also run under the debug build of the same Python, where there is one");
  app.add_flag("!--no-evidence", raw.options.evidence,
               "one level, all interpreters at once, and nothing is looked for; then no module is called isolated");
  app.add_flag("--no-sandbox", raw.no_sandbox, "run modules without bubblewrap, under limits alone");
  app.add_option("--timeout", raw.options.timeout, "seconds for one child process")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
}

void add_targets(CLI::App& app, Raw& raw, const char* help) { app.add_option("TARGET", raw.options.targets, help); }

void add_no_code(CLI::App& app, Raw& raw) {
  app.add_flag("--no-code", raw.options.no_code, "read no machine code; then no module is called isolated");
}

/// What a target that comes from anyone may ask for.
void add_archive_options(CLI::App& app, Raw& raw) {
  analyzer::ArchiveLimits& limits = raw.options.archive_limits;
  app.add_option("--max-archive-size", limits.total, "bytes that one archive may unpack to (16G)")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  app.add_option("--max-member-size", limits.member, "bytes of one file in an archive (2G)")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  app.add_option("--max-members", limits.members, "files in one archive")->capture_default_str();
  app.add_option("--max-archive-ratio", limits.ratio, "how often its own size an archive may unpack to")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32))
      ->capture_default_str();
}

void add_requirements(CLI::App& app, Raw& raw) {
  app.add_option("-r,--requirement", raw.options.requirement_files,
                 "requirements file: the distributions that it names, as they are installed; repeatable")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

std::string format_of(const std::string& file) {
  const std::size_t dot = file.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : file.substr(dot + 1);
  return reports::find_format(ending) != nullptr ? ending : "text";
}

/// The n-th --format belongs to the n-th -o; one --format alone to all; more formats than files go to stdout.
std::vector<Output> pair_outputs(const std::vector<std::string>& formats, const std::vector<std::string>& files) {
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string format = formats.size() == 1  ? formats.front()
                               : i < formats.size() ? formats[i]
                                                    : format_of(files[i]);
    outputs.push_back({format, files[i]});
  }
  if (files.empty() && formats.empty()) outputs.push_back({"text", ""});
  if (formats.size() > std::max<std::size_t>(files.size(), files.empty() ? 0 : 1)) {
    if (formats.size() > files.size() + 1)
      throw UsageError("more --format options than -o files: only one goes to stdout");
    outputs.push_back({formats.back(), ""});
  }
  return outputs;
}

/// Letters that have to change to turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

void check_rule_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (rules::find_rule(name) != nullptr) continue;
    const auto all = rules::all_rules();
    const auto* const* nearest =
        &*std::ranges::min_element(all, {}, [&](const rules::Rule* rule) { return edit_distance(rule->slug, name); });
    throw UsageError(fmt::format("there is no rule \"{}\"; did you mean \"{}\"? (isoaudit explain lists them)", name,
                                 (*nearest)->slug));
  }
}

Options finish(Raw raw, const CLI::App& app) {
  Options options = std::move(raw.options);
  constexpr std::pair<const char*, Command> commands[] = {{"audit", Command::audit},
                                                          {"scan", Command::scan},
                                                          {"inspect", Command::inspect},
                                                          {"probe", Command::probe},
                                                          {"explain", Command::explain}};
  for (const auto& [name, command] : commands) {
    if (app.got_subcommand(name)) options.command = command;
  }
  options.run_probe = !raw.no_probe;
  options.sandbox = !raw.no_sandbox;
  for (const std::string& word : raw.exercise) {
    if (word == exercise_tests) {
      options.exercise_tests = true;
    } else if (options.exercise.empty()) {
      options.exercise = word;
    } else {
      throw UsageError("--exercise takes one file; a folder of them is for --exercise-dir");
    }
  }
  if (options.command != Command::explain && options.targets.empty() && options.requirement_files.empty()) {
    throw UsageError("TARGET is required");
  }
  if (options.build && !options.build_dirs.empty()) {
    throw UsageError("--build and -p exclude each other: commands are recorded, or they are there already");
  }
  if (options.quiet && options.verbose) throw UsageError("-q and -v exclude each other");
  if (raw.fail_on == "blocker") options.fail_on = model::Severity::blocker;
  if (raw.fail_on == "never") options.fail_on.reset();
  options.color = raw.color == "always" || (raw.color == "auto" && isatty(STDOUT_FILENO) != 0);
  if (!raw.config.empty()) options.config = read_config(raw.config);
  options.outputs = pair_outputs(raw.formats, raw.files);
  if (!options.rule.empty()) check_rule_names({options.rule});
  check_rule_names(options.select);
  check_rule_names(options.ignore);
  return options;
}

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app{"Tells whether a compiled CPython extension is safe in several interpreters, each with its own GIL."};
  app.name("isoaudit");
  app.set_version_flag("--version", std::string("isoaudit ") + version);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 clean, 1 findings at or above --fail-on, 2 wrong usage, 3 something could not be checked.");

  CLI::App* audit = app.add_subcommand("audit", "sources, compiled modules and their run, in one report");
  add_targets(*audit, raw,
              "modules, folders, wheels, source archives, installed distributions, or - for paths on stdin");
  add_requirements(*audit, raw);
  add_archive_options(*audit, raw);
  add_python_option(*audit, raw);
  add_source_options(*audit, raw);
  add_probe_options(*audit, raw);
  audit->add_flag("--no-probe", raw.no_probe, "execute nothing");
  add_no_code(*audit, raw);
  add_config(*audit, raw);
  add_report_options(*audit, raw);

  CLI::App* scan = app.add_subcommand("scan", "sources only; nothing is executed");
  add_targets(*scan, raw, "C and C++ files, source trees, source archives, or - for paths on stdin");
  add_archive_options(*scan, raw);
  add_python_option(*scan, raw);
  add_source_options(*scan, raw);
  add_config(*scan, raw);
  add_report_options(*scan, raw);

  CLI::App* inspect = app.add_subcommand("inspect", "compiled modules only; nothing is executed");
  add_targets(*inspect, raw, "modules, folders, wheels, installed distributions, or - for paths on stdin");
  inspect->add_flag("--code", raw.options.read_code,
                    "read the machine code too: which globals the modules write, where, when and what");
  add_requirements(*inspect, raw);
  add_archive_options(*inspect, raw);
  add_python_option(*inspect, raw);
  add_config(*inspect, raw);
  add_report_options(*inspect, raw);

  CLI::App* probe = app.add_subcommand("probe", "loads and runs the modules, each in child processes");
  add_targets(*probe, raw, "modules, folders, wheels, installed distributions, or - for paths on stdin");
  add_requirements(*probe, raw);
  add_archive_options(*probe, raw);
  add_python_option(*probe, raw);
  add_probe_options(*probe, raw);
  add_no_code(*probe, raw);
  add_config(*probe, raw);
  add_report_options(*probe, raw);

  CLI::App* explain = app.add_subcommand("explain", "what a rule finds, why it matters, how to fix it");
  explain->add_option("RULE", raw.options.rule, "a rule's name; without it, all rules are listed");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    app.exit(done, std::cout, std::cerr);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  return finish(std::move(raw), app);
}

}  // namespace isoaudit::cli
