#include "cli/answer.h"

#include "cli/version.h"
#include "rules/judge.h"

namespace isoaudit::cli {

Question question(const Options& options) {
  Question question{options.select, options.ignore, options.fail_on, {}};
  for (const Output& output : options.outputs) {
    const bool to_stdout = output.file.empty();
    question.renderings.push_back(
        {output.format,
         {.color = to_stdout && options.color, .verbose = options.verbose, .globals = options.read_code}});
  }
  return question;
}

Answer answer(model::Facts facts, const Question& question) {
  // The report is final and sorted.
  model::Report report = rules::judge(std::move(facts), {.select = question.select, .ignore = question.ignore});
  report.tool_version = version;
  Answer answer{{}, exit_status(report, question.fail_on)};
  for (const Rendering& rendering : question.renderings) {
    answer.reports.push_back(reports::find_format(rendering.format)->render(report, rendering.look));
  }
  return answer;
}

}  // namespace isoaudit::cli
