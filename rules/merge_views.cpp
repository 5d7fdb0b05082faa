#include "rules/merge_views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::Finding;
using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) { return std::ranges::find(names, name) != names.end(); }

void append(Names& to, const Names& names) { to.insert(to.end(), names.begin(), names.end()); }

bool from_source(const Finding& finding) {
  return std::ranges::find(finding.because, EvidenceKind::source, &model::Because::kind) != finding.because.end();
}

/// The same thing under another Python: who writes it, and how bad that is there, may differ.
auto identity(const Finding& finding) {
  return std::tuple(finding.module, finding.where, finding.rule, finding.subject.name, finding.subject.linkage_name,
                    finding.subject.unit, finding.generator);
}
/// With how many like it came before in its view.
using Key = std::pair<decltype(identity(std::declval<Finding>())), std::size_t>;

/// One finding as the views have it.
struct Merged {
  Finding finding{};
  /// Of each view that has it: what it says and how bad it is there.
  struct Said {
    std::size_t view = 0;
    model::Severity severity = model::Severity::hazard;
    std::string message{};
  };
  std::vector<Said> said{};
  std::map<model::Because, Names> because{};
  Names pythons{};
  bool names_pythons = false;
};

class Merger {
 public:
  Merger(const std::vector<ViewFindings>& views, const Names& columns) : columns_(columns) {
    for (const ViewFindings& view : views) pythons_.push_back(view.pythons);
  }

  void add(std::size_t view, std::vector<Finding>& findings) {
    std::map<decltype(identity(std::declval<Finding>())), std::size_t> seen;
    for (Finding& finding : findings) {
      auto words = identity(finding);
      const std::size_t before = seen[words]++;
      const auto [entry, is_new] = places_.try_emplace({std::move(words), before}, merged_.size());
      if (is_new) merged_.push_back({.finding = finding});
      absorb(merged_[entry->second], view, finding);
    }
  }

  std::vector<Finding> take() {
    std::vector<Finding> findings;
    for (Merged& merged : merged_) findings.push_back(finish(merged));
    return findings;
  }

 private:
  void absorb(Merged& into, std::size_t view, const Finding& finding) const {
    into.said.push_back({view, finding.severity, finding.message});
    if (finding.severity <= into.finding.severity) {
      into.finding.severity = finding.severity;
      into.finding.message = finding.message;
      into.finding.fix = finding.fix;
      into.finding.fix_of_many = finding.fix_of_many;
    }
    into.finding.status = std::min(into.finding.status, finding.status);
    if (into.finding.subject.address.empty()) into.finding.subject.address = finding.subject.address;
    for (const model::Because& because : finding.because) {
      Names& where = into.because[because];
      append(where, pythons_[view]);
    }
    into.names_pythons |= !finding.pythons.empty();
    for (const std::string& python : finding.pythons.empty() ? pythons_[view] : finding.pythons) {
      if (is_of(view, python) && !contains(into.pythons, python)) into.pythons.push_back(python);
    }
  }

  /// What no view calls its own is no column of this audit, and as true here as elsewhere.
  bool is_of(std::size_t view, const std::string& python) const {
    return contains(pythons_[view], python) ||
           std::ranges::none_of(pythons_, [&](const Names& names) { return contains(names, python); });
  }

  Finding finish(Merged& merged) const {
    Finding finding = std::move(merged.finding);
    const bool everywhere = merged.said.size() == pythons_.size();
    Names own;
    for (const auto& said : merged.said) append(own, pythons_[said.view]);
    finding.because.clear();
    for (const auto& [because, pythons] : merged.because) {
      finding.because.push_back(because);
      // Runs and files of other Pythons say themselves whose they are.
      if (because.kind == EvidenceKind::source && pythons.size() < own.size()) {
        finding.because.back().text += fmt::format(" (Python {})", fmt::join(in_order(pythons), ", "));
      }
    }
    for (const auto& said : merged.said) {
      const bool as_bad = said.severity == finding.severity;
      if (as_bad && said.message == finding.message) continue;
      finding.because.push_back(
          {EvidenceKind::source,
           fmt::format("Python {}: {}{}", fmt::join(pythons_[said.view], ", "),
                       as_bad ? "" : std::string("there ") + to_string(said.severity) + ": ", said.message),
           {}});
    }
    finding.pythons = everywhere && !merged.names_pythons ? Names() : in_order(std::move(merged.pythons));
    return finding;
  }

  Names in_order(Names pythons) const {
    std::ranges::sort(pythons, {}, [&](const std::string& python) {
      return std::pair(std::ranges::find(columns_, python) - columns_.begin(), python);
    });
    return pythons;
  }

  const Names& columns_;
  std::vector<Names> pythons_{};
  std::map<Key, std::size_t> places_{};
  std::vector<Merged> merged_{};
};

}  // namespace

void drop_what_is_of_others(std::vector<Finding>& findings, const Names& own,
                            const std::vector<model::Interpreter>& all,
                            const std::vector<model::BinaryFacts>& binaries) {
  const auto is_own = [&](const std::string& python) { return contains(own, python); };
  std::set<std::string> others;
  for (const model::Interpreter& python : all) {
    if (!is_own(python.id)) others.insert(python.id);
  }
  const auto is_others = [&](const std::string& python) { return others.contains(python); };
  std::set<std::string> files;
  for (const model::BinaryFacts& binary : binaries) {
    if (std::ranges::any_of(binary.importable_by, is_others) && std::ranges::none_of(binary.importable_by, is_own)) {
      files.insert(binary.path);
    }
  }
  std::erase_if(findings, [&](const Finding& finding) {
    if (from_source(finding)) return false;
    const bool of_others = !finding.pythons.empty() && std::ranges::all_of(finding.pythons, is_others);
    return of_others || files.contains(finding.where.file);
  });
}

std::vector<Finding> merge_views(std::vector<ViewFindings> views, const std::vector<std::string>& columns) {
  if (views.size() == 1) return std::move(views.front().findings);
  Merger merger(views, columns);
  for (std::size_t view = 0; view < views.size(); ++view) merger.add(view, views[view].findings);
  return merger.take();
}

}  // namespace isoaudit::rules
