// The recipe of isoaudit: what happens, in order.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <utility>

#include "cli/answer.h"
#include "cli/cache_folder.h"
#include "cli/collect.h"
#include "cli/exit_status.h"
#include "cli/explain.h"
#include "cli/kept_answer.h"
#include "cli/options.h"

namespace {

using namespace isoaudit;

void write(const cli::Output& output, const std::string& report) {
  if (output.file.empty()) {
    std::cout << report << std::flush;
    if (!std::cout) throw cli::UsageError("the report could not be written to stdout");
    return;
  }
  std::ofstream file(output.file, std::ios::binary);
  file << report << std::flush;
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
  cli::Collected collected = cli::collect(*options, progress);
  const cli::Question question = cli::question(*options);
  // The same question about the same facts has the same answer.
  cli::KeptAnswer kept(cli::cache_folder(*options), collected, question);
  std::optional<cli::Answer> answer = kept.find();
  if (!answer) {
    answer = cli::answer(std::move(collected).whole(), question);
    kept.keep(*answer);
  }
  for (std::size_t i = 0; i < options->outputs.size(); ++i) write(options->outputs[i], answer->reports[i]);
  return answer->status;
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
