// The recipe of isoaudit: what happens, in order.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <utility>

#include "cli/collect.h"
#include "cli/exit_status.h"
#include "cli/explain.h"
#include "cli/options.h"
#include "cli/version.h"
#include "reports/render.h"
#include "rules/judge.h"

namespace {

using namespace isoaudit;

void write(const cli::Output& output, const model::Report& report, const cli::Options& options) {
  const bool to_stdout = output.file.empty();
  const reports::RenderOptions render{
      .color = to_stdout && options.color, .verbose = options.verbose, .globals = options.read_code};
  const std::string text = reports::find_format(output.format)->render(report, render);
  if (to_stdout) {
    std::cout << text << std::flush;
    if (!std::cout) throw cli::UsageError("the report could not be written to stdout");
    return;
  }
  std::ofstream file(output.file, std::ios::binary);
  file << text << std::flush;
  if (!file) throw cli::UsageError(fmt::format("the report could not be written to {}", output.file));
}

int run(int argc, const char* const* argv) {
  const std::optional<cli::Options> options = cli::parse_options(argc, argv);
  if (!options) return cli::clean;
  if (options->command == cli::Command::explain) {
    std::cout << cli::explain(options->rule);
    return cli::clean;
  }
  cli::Progress progress(options->quiet);
  model::Facts facts = cli::collect(*options, progress);
  // From here on nothing touches the outside world: facts are judged, the report is final and sorted.
  model::Report report = rules::judge(std::move(facts), {.select = options->select, .ignore = options->ignore});
  report.tool_version = cli::version;
  for (const cli::Output& output : options->outputs) write(output, report, *options);
  return cli::exit_status(report, options->fail_on);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const isoaudit::cli::UsageError& error) {
    fmt::print(stderr, "isoaudit: {}\n", error.what());
    return isoaudit::cli::usage;
  } catch (const std::exception& error) {
    // Whatever a library threw on its way: the audit was not done.
    fmt::print(stderr, "isoaudit: {}\n", error.what());
    return isoaudit::cli::inconclusive;
  }
}
