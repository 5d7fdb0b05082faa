#include "reports/text_findings.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "model/said_of_many.h"

namespace isoaudit::reports {
namespace {

using model::Finding;
using model::Report;
using model::Severity;

/// How many places of one rule in one compiled module are written out without -v.
constexpr std::size_t shown_of_a_kind = 5;
/// How many reasons of one finding.
constexpr std::size_t shown_reasons = 4;

fmt::text_style style_of(Severity severity) {
  switch (severity) {
    case Severity::blocker: return fmt::fg(fmt::terminal_color::red);
    case Severity::hazard: return fmt::fg(fmt::terminal_color::yellow);
    case Severity::advice: return fmt::fg(fmt::terminal_color::cyan);
  }
  return {};
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

/// `message` is the finding's, or that of a part of it.
std::string with_pythons(const std::string& message, const Finding& finding) {
  if (finding.pythons.empty()) return message;
  return fmt::format("{} (Python {})", message, fmt::join(finding.pythons, ", "));
}

std::string message_text(const Finding& finding) { return with_pythons(finding.message, finding); }

void write_finding(Writer& out, const Finding& finding) {
  const std::string severity = out.paint(to_string(finding.severity), style_of(finding.severity));
  out.line("{}: {} [{}] {}", place(finding), severity, finding.rule, message_text(finding));
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

/// What can be done about one of them or another, each said once.
std::string fixes_of(const std::vector<const Finding*>& group) {
  constexpr std::string_view between = "; ";
  std::vector<std::string> fixes;
  for (const Finding* finding : group) {
    const std::string fix = model::fix_for_all(*finding);
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
    const model::Because& telling = model::most_telling(*group[i]);
    out.line("    {:9}{}", fmt::format("{}:", to_string(telling.kind)), alike ? telling.text : group[i]->message);
  }
  if (group.size() > shown_of_a_kind) out.line("    ... and {} more (-v)", group.size() - shown_of_a_kind);
  out.fix(fixes_of(group), first.rule);
}

/// One that names no single subject tells of many places already.
bool is_of_many(const Finding& finding) { return !finding.message.starts_with('`'); }

std::string line_text(const model::Location& where) {
  return fmt::format("{}{}", where.line, where.column > 0 ? fmt::format(":{}", where.column) : "");
}

/// What one tool wrote into one file or module: of several rules, with one way out for their user.
void write_generated(Writer& out, const Finding& finding) {
  const bool has_line = finding.where.line > 0;
  out.line("{}: what {} generates:", has_line ? finding.where.file : place(finding), finding.generator);
  for (const model::RulePart& part : finding.parts) {
    const std::string line = part.where.line == 0 ? "" : line_text(part.where) + ": ";
    out.line("    {}{} [{}] {}", line, out.paint(to_string(part.severity), style_of(part.severity)), part.rule,
             with_pythons(part.message, finding));
    // What a run has seen is the news; the rest says where the words come from.
    const auto proof = part.status == model::Status::confirmed
                           ? std::ranges::find(part.because, model::EvidenceKind::runtime, &model::Because::kind)
                           : part.because.end();
    for (auto it = part.because.begin(); it != part.because.end(); ++it) {
      if (!out.verbose() && it != proof) continue;
      out.line("        {:9}{}{}", fmt::format("{}:", to_string(it->kind)), place(*it), it->text);
    }
  }
  if (has_line) {
    out.line("    fix:     {}", finding.fix);
  } else {
    out.fix(finding.fix, finding.rule);
  }
}

/// A line of the tool's own library, in one module after another.
void write_library_lines(Writer& out, const std::vector<const Finding*>& group) {
  const Finding& first = *group.front();
  out.line("{}: what {} generates:", first.where.file, first.generator);
  for (auto it = group.begin(); it != group.end();) {
    const Finding& finding = **it;
    const auto others = std::find_if(it + 1, group.end(), [&](const Finding* other) {
      return other->module == finding.module ||
             std::tie(other->where.line, other->rule, other->severity, other->subject.name) !=
                 std::tie(finding.where.line, finding.rule, finding.severity, finding.subject.name);
    });
    const auto more = others - it - 1;
    const char* modules = more == 1 ? "module" : "modules";
    out.line("    {}: {} [{}] {}{}", line_text(finding.where),
             out.paint(to_string(finding.severity), style_of(finding.severity)), finding.rule, message_text(finding),
             more == 0 ? "" : fmt::format(", and to {} more {}", more, modules));
    it = others;
  }
  out.line("    fix:     {}", first.fix);
}

/// Findings of one rule in one file of the source: what a template or a table made has one cause and one way out.
void write_lines(Writer& out, const std::vector<const Finding*>& group) {
  const Finding& first = *group.front();
  const std::string severity = out.paint(to_string(first.severity), style_of(first.severity));
  out.line("{}: {} [{}] {} places", first.where.file, severity, first.rule, group.size());
  for (std::size_t i = 0; i < shown_of_a_kind; ++i) {
    out.line("    {}: {}", line_text(group[i]->where), message_text(*group[i]));
  }
  out.line("    ... and {} more (-v)", group.size() - shown_of_a_kind);
  if (!first.fix.empty()) out.line("    fix:     {}", model::fix_for_all(first));
}

/// What makes findings of one file one group: rule and severity, or a generator and what its user can do; and whether
/// they have lines.
using GroupKey = std::tuple<std::string, std::string, Severity, bool>;

GroupKey key_of(const Finding& finding) {
  const bool has_line = finding.where.line > 0;
  if (has_line && !finding.generator.empty()) return {finding.generator, finding.fix, Severity::hazard, true};
  return {finding.rule, has_line ? "" : finding.generator, finding.severity, has_line};
}

/// How many findings of a group are still written out whole.
std::size_t read_one_by_one(const Finding& finding) {
  return finding.where.line > 0 && finding.generator.empty() ? shown_of_a_kind : 1;
}

}  // namespace

void write_findings(Writer& out, const Report& report) {
  std::map<std::string, std::vector<const Finding*>> by_file;
  for (const Finding& finding : report.findings) {
    if (finding.status < model::Status::suppressed) by_file[finding.where.file].push_back(&finding);
  }
  for (auto& [file, findings] : by_file) {
    std::ranges::stable_sort(findings, {}, [](const Finding* f) { return std::tie(f->where.line, f->severity); });
    out.blank();
    out.begin_file();
    std::map<GroupKey, std::vector<const Finding*>> groups;
    // What is of many already stands alone.
    const auto is_alone = [](const Finding& finding) {
      return !finding.parts.empty() || (finding.where.line == 0 && is_of_many(finding));
    };
    for (const Finding* finding : findings) {
      if (!is_alone(*finding)) groups[key_of(*finding)].push_back(finding);
    }
    for (const Finding* finding : findings) {
      const auto& group = groups[key_of(*finding)];
      if (!finding->parts.empty()) {
        write_generated(out, *finding);
      } else if (out.verbose() || is_alone(*finding) || group.size() <= read_one_by_one(*finding)) {
        write_finding(out, *finding);
      } else if (group.front() != finding) {
        continue;
      } else if (finding->where.line == 0) {
        write_group(out, group);
      } else if (!finding->generator.empty()) {
        write_library_lines(out, group);
      } else {
        write_lines(out, group);
      }
    }
  }
}

}  // namespace isoaudit::reports
