// The report that a person reads first: verdicts, findings by file, gaps, one line of sum.
#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "reports/gap_lines.h"
#include "reports/globals_table.h"
#include "reports/render.h"
#include "reports/text_findings.h"
#include "reports/text_writer.h"

namespace isoaudit::reports {
namespace {

using model::ModuleReport;
using model::Report;
using model::VerdictKind;

fmt::text_style style_of(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::isolated: return fmt::fg(fmt::terminal_color::green) | fmt::emphasis::bold;
    case VerdictKind::unsafe: return fmt::fg(fmt::terminal_color::red) | fmt::emphasis::bold;
    case VerdictKind::suspect:
    case VerdictKind::unknown: return fmt::fg(fmt::terminal_color::yellow) | fmt::emphasis::bold;
    case VerdictKind::shared_gil_only:
    case VerdictKind::refused:
    case VerdictKind::blocked: return fmt::fg(fmt::terminal_color::magenta) | fmt::emphasis::bold;
  }
  return {};
}

/// How wide the first two columns are: the modules' names and the Pythons' ids.
struct Widths {
  std::size_t module = 8;
  std::size_t python = 5;
};

/// "create 0.021, import 0.004, exercise 0.011, the rest 0.052 s": interpreters that run at once take their time side
/// by side, and what is left then says nothing.
std::string times_text(const model::Phase& phase) {
  std::string text;
  double known = 0;
  for (const model::StepTime& time : phase.times) {
    known += time.seconds;
    text += fmt::format("{}{} {:.3f}", text.empty() ? "" : ", ", time.step, time.seconds);
  }
  if (phase.at_once) return text + " s, side by side";
  return text + fmt::format(", the process and the rest {:.3f} s", std::max(0.0, phase.seconds - known));
}

const char* declared_words(model::MultipleInterpreters declared) {
  switch (declared) {
    case model::MultipleInterpreters::absent: return "no multiple-interpreters slot";
    case model::MultipleInterpreters::not_supported: return "declares that it is for one interpreter alone";
    case model::MultipleInterpreters::supported: return "declares support for interpreters that share a GIL";
    case model::MultipleInterpreters::per_interpreter_gil: return "declares own-GIL support";
    case model::MultipleInterpreters::undetermined: return "what it declares is not known";
  }
  return "";
}

/// "declares own-GIL support"; where versions get different answers, each.
std::string declared_text(const ModuleReport& module) {
  std::string text;
  for (const model::EntryPoint& entry : module.entry_points) {
    // A file with many hooks is spoken for by the first.
    if (entry.symbol != module.entry_points.front().symbol) continue;
    text += text.empty() ? "" : "; ";
    text += entry.init == model::Init::single_phase ? "single-phase init"
                                                    : declared_words(entry.declares.multiple_interpreters);
    std::string versions;
    for (const model::PythonVersion& v : entry.only_for) versions += (versions.empty() ? "" : ", ") + v.str();
    if (!versions.empty()) text += fmt::format(" (Python {})", versions);
  }
  return text.empty() ? declared_words(module.declares.multiple_interpreters) : text;
}

void write_module(Writer& out, const ModuleReport& module, const Widths& widths) {
  const std::size_t width = widths.module;
  if (module.verdicts.empty()) {
    out.line("{:{}}  {}: {}", module.name, width, module.compiled ? "not run" : "source only", declared_text(module));
    return;
  }
  for (const model::Verdict& verdict : module.verdicts) {
    const std::string word = fmt::format("{:15}", to_string(verdict.kind));
    out.line("{:{}}  {:{}}  {}  {}", module.name, width, verdict.python, widths.python,
             out.paint(word, style_of(verdict.kind)), verdict.reason);
    if (!out.verbose()) continue;
    for (const model::Phase& phase : verdict.phases) {
      out.line("{:{}}           {:20} {:12} {:6.3f} s  {}", "", width, to_string(phase.level), to_string(phase.outcome),
               phase.seconds, phase.detail);
      if (!phase.times.empty()) out.line("{:{}}             {}", "", width, times_text(phase));
      for (const std::string& frame : phase.stack) out.line("{:{}}             {}", "", width, frame);
    }
  }
}

void write_globals(Writer& out, const Report& report) {
  bool first = true;
  for (const ModuleReport& module : report.modules) {
    const std::string table = globals_table(module, out.verbose());
    if (table.empty()) continue;
    if (std::exchange(first, false)) out.blank();
    out.text(table);
  }
}

}  // namespace

std::string render_text(const Report& report, const RenderOptions& options) {
  Writer out(options);
  Widths widths;
  std::size_t elsewhere = 0;
  for (const ModuleReport& module : report.modules) widths.module = std::max(widths.module, module.name.size());
  for (const model::Interpreter& python : report.pythons) widths.python = std::max(widths.python, python.id.size());
  for (const ModuleReport& module : report.modules) {
    // Another build of a module that has its verdict: inspected, and in the JSON report.
    if (module.compiled && module.verdicts.empty() && !report.pythons.empty()) {
      ++elsewhere;
    } else {
      write_module(out, module, widths);
    }
  }
  if (elsewhere > 0) out.line("{} more file{} built for other Pythons", elsewhere, elsewhere == 1 ? " is" : "s are");
  if (options.globals || options.verbose) write_globals(out, report);
  write_findings(out, report);
  if (!report.gaps.empty()) {
    out.blank();
    out.line("Not checked:");
    out.text(gap_lines(report.gaps, options.verbose));
  }
  if (!report.notes.empty()) out.blank();
  for (const std::string& note : report.notes) out.line("Note: {}", note);

  std::map<VerdictKind, std::size_t> verdicts;
  for (const ModuleReport& module : report.modules) {
    for (const model::Verdict& verdict : module.verdicts) ++verdicts[verdict.kind];
  }
  std::string sum;
  for (const auto& [kind, count] : verdicts)
    sum += fmt::format("{}{} {}", sum.empty() ? ": " : ", ", count, to_string(kind));
  const Sums sums = count_findings(report);
  if (!report.modules.empty() || !report.findings.empty() || !report.gaps.empty()) out.blank();
  out.line("{} module{}{}; {} blocker{}, {} hazard{}, {} advice; {} gap{}", report.modules.size(),
           report.modules.size() == 1 ? "" : "s", sum, sums.blocker, sums.blocker == 1 ? "" : "s", sums.hazard,
           sums.hazard == 1 ? "" : "s", sums.advice, report.gaps.size(), report.gaps.size() == 1 ? "" : "s");
  return out.take();
}

}  // namespace isoaudit::reports
