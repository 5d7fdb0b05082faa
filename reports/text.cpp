// The report that a person reads first: verdicts, findings by file, gaps, one line of sum.
#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "model/said_of_many.h"
#include "reports/gap_lines.h"
#include "reports/globals_table.h"
#include "reports/render.h"

namespace isoaudit::reports {
namespace {

using model::Finding;
using model::ModuleReport;
using model::Report;
using model::Severity;
using model::VerdictKind;

/// How many places of one rule in one compiled module are written out without -v.
constexpr std::size_t shown_of_a_kind = 5;
/// How many reasons of one finding.
constexpr std::size_t shown_reasons = 4;

class Writer {
 public:
  explicit Writer(const RenderOptions& options) : options_(options) {}

  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void text(const std::string& lines) { text_ += lines; }
  void blank() { text_ += '\n'; }

  std::string paint(const std::string& word, fmt::text_style style) const {
    return options_.color ? fmt::format(style, "{}", word) : word;
  }
  bool verbose() const { return options_.verbose; }

  /// Before the findings of a file: what is repeated in one is not written twice.
  void begin_file() { fixes_.clear(); }
  /// What can be done about a finding that has no line of its own in a source.
  void fix(const std::string& words, const std::string& rule) {
    if (words.empty()) return;
    const auto [first, fresh] = fixes_.try_emplace(words, rule);
    line("    fix:     {}", fresh || first->second == rule ? words : fmt::format("as for [{}]", first->second));
  }
  std::string take() { return std::move(text_); }

 private:
  RenderOptions options_;
  std::string text_{};
  /// By their words: the rule for which they were written first.
  std::map<std::string, std::string> fixes_{};
};

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

fmt::text_style style_of(Severity severity) {
  switch (severity) {
    case Severity::blocker: return fmt::fg(fmt::terminal_color::red);
    case Severity::hazard: return fmt::fg(fmt::terminal_color::yellow);
    case Severity::advice: return fmt::fg(fmt::terminal_color::cyan);
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

/// "declares per-interpreter-gil"; where versions get different answers, each.
std::string declared_text(const ModuleReport& module) {
  std::string text;
  for (const model::EntryPoint& entry : module.entry_points) {
    // A file with many hooks is spoken for by the first.
    if (entry.symbol != module.entry_points.front().symbol) continue;
    text += text.empty() ? "" : "; ";
    text += entry.init == model::Init::single_phase
                ? "single-phase init"
                : fmt::format("declares {}", to_string(entry.declares.multiple_interpreters));
    std::string versions;
    for (const model::PythonVersion& v : entry.only_for) versions += (versions.empty() ? "" : ", ") + v.str();
    if (!versions.empty()) text += fmt::format(" (Python {})", versions);
  }
  return text.empty() ? fmt::format("declares {}", to_string(module.declares.multiple_interpreters)) : text;
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

std::string place(const Finding& finding) {
  // In a compiled module there is no line to go to: its name says more than the path, which the JSON report has.
  if (finding.where.line == 0 && !finding.module.empty()) return finding.module;
  std::string text = finding.where.file;
  if (finding.where.line > 0) text += fmt::format(":{}", finding.where.line);
  if (finding.where.column > 0) text += fmt::format(":{}", finding.where.column);
  return text;
}

std::string place(const model::Because& because) {
  if (because.where.file.empty()) return "";
  return because.where.line > 0 ? fmt::format("{}:{}: ", because.where.file, because.where.line)
                                : because.where.file + ": ";
}

void write_finding(Writer& out, const Finding& finding) {
  const std::string severity = out.paint(to_string(finding.severity), style_of(finding.severity));
  const std::string pythons =
      finding.pythons.empty() ? "" : fmt::format(" (Python {})", fmt::join(finding.pythons, ", "));
  out.line("{}: {} [{}] {}{}", place(finding), severity, finding.rule, finding.message, pythons);
  const std::size_t shown = out.verbose() ? finding.because.size() : std::min(shown_reasons, finding.because.size());
  // The other collectors' words are the news: show one line of each kind before a second of any.
  std::vector<const model::Because*> order;
  std::vector<const model::Because*> rest;
  std::map<model::EvidenceKind, bool> seen;
  for (const model::Because& because : finding.because) {
    (std::exchange(seen[because.kind], true) ? rest : order).push_back(&because);
  }
  order.insert(order.end(), rest.begin(), rest.end());
  for (std::size_t i = 0; i < shown; ++i) {
    out.line("    {:9}{}{}", fmt::format("{}:", to_string(order[i]->kind)), place(*order[i]), order[i]->text);
  }
  if (shown < order.size()) out.line("    ... and {} more (-v)", order.size() - shown);
  if (finding.where.line == 0) {
    out.fix(finding.fix, finding.rule);
  } else if (!finding.fix.empty()) {
    out.line("    fix:     {}", finding.fix);
  }
}

/// What a run saw, else what the code does; of several the first.
const model::Because& most_telling(const Finding& finding) {
  for (const model::EvidenceKind kind : {model::EvidenceKind::runtime, model::EvidenceKind::code}) {
    const auto found = std::ranges::find(finding.because, kind, &model::Because::kind);
    if (found != finding.because.end()) return *found;
  }
  return finding.because.back();
}

/// What can be done about one of them or another, each said once.
std::string fixes_of(const std::vector<const Finding*>& group) {
  constexpr std::string_view between = "; ";
  std::vector<std::string> fixes;
  for (const Finding* finding : group) {
    const std::string fix = model::fix_for_all(finding->fix, finding->message);
    for (std::string_view left = fix; !left.empty();) {
      const std::string_view one = left.substr(0, left.find(between));
      if (std::ranges::find(fixes, one) == fixes.end()) fixes.emplace_back(one);
      left.remove_prefix(std::min(left.size(), one.size() + between.size()));
    }
  }
  return fmt::format("{}", fmt::join(fixes, between));
}

/// Findings of one rule in one compiled module: a forced run of lxml alone has over a thousand.
void write_group(Writer& out, const std::vector<const Finding*>& group) {
  const Finding& first = *group.front();
  const std::string severity = out.paint(to_string(first.severity), style_of(first.severity));
  const std::string harm = model::without_subject(first.message);
  const bool alike = std::ranges::all_of(
      group, [&](const Finding* finding) { return model::without_subject(finding->message) == harm; });
  out.line("{}: {} [{}] {} places{}", place(first), severity, first.rule, group.size(), alike ? ": each " + harm : ":");
  for (std::size_t i = 0; i < std::min(shown_of_a_kind, group.size()); ++i) {
    const model::Because& telling = most_telling(*group[i]);
    out.line("    {:9}{}", fmt::format("{}:", to_string(telling.kind)), alike ? telling.text : group[i]->message);
  }
  if (group.size() > shown_of_a_kind) out.line("    ... and {} more (-v)", group.size() - shown_of_a_kind);
  out.fix(fixes_of(group), first.rule);
}

/// One that names no single subject tells of many places already.
bool is_of_many(const Finding& finding) { return !finding.message.starts_with('`'); }

void write_findings(Writer& out, const Report& report) {
  std::map<std::string, std::vector<const Finding*>> by_file;
  for (const Finding& finding : report.findings) {
    if (finding.status < model::Status::suppressed) by_file[finding.where.file].push_back(&finding);
  }
  for (auto& [file, findings] : by_file) {
    std::ranges::stable_sort(findings, {}, [](const Finding* f) { return std::tie(f->where.line, f->severity); });
    out.blank();
    out.begin_file();
    std::map<std::tuple<std::string, Severity, std::string>, std::vector<const Finding*>> groups;
    const auto kind_of = [](const Finding& finding) {
      return std::tuple(finding.rule, finding.severity, finding.generator);
    };
    // A line of source is always shown by itself.
    const auto is_alone = [](const Finding& finding) { return finding.where.line > 0 || is_of_many(finding); };
    for (const Finding* finding : findings) {
      if (!is_alone(*finding)) groups[kind_of(*finding)].push_back(finding);
    }
    for (const Finding* finding : findings) {
      const auto& group = groups[kind_of(*finding)];
      if (out.verbose() || is_alone(*finding) || group.size() == 1) {
        write_finding(out, *finding);
      } else if (group.front() == finding) {
        write_group(out, group);
      }
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
