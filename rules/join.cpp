#include "rules/join.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "rules/link_units.h"

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::Finding;

bool from_source(const Finding& finding) {
  return !finding.because.empty() && finding.because.front().kind == EvidenceKind::source;
}

/// How much a finding can tell of its subject: lower is more.
int rank(const Finding& finding) {
  if (finding.because.empty()) return 4;
  switch (finding.because.front().kind) {
    case EvidenceKind::source: return 0;
    case EvidenceKind::runtime: return 1;
    case EvidenceKind::code: return 2;
    case EvidenceKind::binary: return 3;
  }
  return 4;
}

/// A finding with a place in a line of source stays itself; it is what others join.
bool same_subject(const Finding& source, const Finding& other) {
  const model::Subject& a = source.subject;
  const model::Subject& b = other.subject;
  if (source.module != other.module && last_component(source.module) != last_component(other.module)) return false;
  if (!a.unit.empty() && !b.unit.empty() && file_name(a.unit) != file_name(b.unit)) return false;
  if (!a.linkage_name.empty() && a.linkage_name == b.linkage_name) return true;
  // One file's linker names tell apart what has one name in many scopes: Solver::TypeObject, Term::TypeObject.
  if (!from_source(source) && !a.linkage_name.empty() && !b.linkage_name.empty()) return false;
  return !b.name.empty() && a.name == b.name;
}

/// Both tell of a store in the same line of the same file: the machine code's lines come from the file's debug
/// information.
bool same_line(const Finding& source, const Finding& other) {
  const auto is_stored_there = [&](const model::Because& because) {
    return because.kind == EvidenceKind::code && because.where.line != 0 &&
           std::ranges::any_of(source.because, [&](const model::Because& line) {
             return line.kind == EvidenceKind::source && line.where.line == because.where.line &&
                    file_name(line.where.file) == file_name(because.where.file);
           });
  };
  return std::ranges::any_of(other.because, is_stored_there);
}

/// Rules about a variable may meet under the variable; rules about a hook or a function only meet themselves.
bool about_variable(const Finding& finding) {
  constexpr std::string_view rules[] = {"borrowed-module-object",
                                        "buffer-shared-across-interpreters",
                                        "cxx-global-mutable",
                                        "cxx-static-with-python",
                                        "free-list",
                                        "mutable-method-or-getset-table",
                                        "per-interpreter-registration-cached-in-static",
                                        "capsule-api-in-static",
                                        "function-local-static-object",
                                        "global-exception",
                                        "global-heap-type-pointer",
                                        "global-module-pointer",
                                        "global-pyobject-cache",
                                        "global-string-cache",
                                        "non-object-mutable-static",
                                        "pymem-block-in-global",
                                        "static-instance",
                                        "static-type-object",
                                        "stored-thread-or-interpreter-state",
                                        "thread-local-pyobject"};
  return std::ranges::find(rules, finding.rule) != std::end(rules);
}

void absorb(Finding& into, const Finding& other, bool source_is_whole) {
  for (const model::Because& because : other.because) {
    if (std::ranges::find(into.because, because) == into.because.end()) into.because.push_back(because);
  }
  const bool was_run =
      std::ranges::find(other.because, EvidenceKind::runtime, &model::Because::kind) != other.because.end();
  const bool code_knows_more =
      !source_is_whole && from_source(into) &&
      std::ranges::find(other.because, EvidenceKind::code, &model::Because::kind) != other.because.end();
  if ((other.status == model::Status::confirmed || was_run || code_knows_more) &&
      into.severity == model::Severity::advice && other.severity < into.severity) {
    // The run saw what the source took to be explained, or the code shows a write that the source may not.
    into.severity = other.severity;
  }
  into.status = std::min(into.status, other.status);
  for (const std::string& python : other.pythons) {
    if (!into.pythons.empty() && std::ranges::find(into.pythons, python) == into.pythons.end()) {
      into.pythons.push_back(python);
    }
  }
  if (into.subject.address.empty()) into.subject.address = other.subject.address;
}

}  // namespace

std::vector<Finding> join(std::vector<Finding> findings, bool source_is_whole) {
  // What a static type's members hold is a part of what there is to say of the type.
  std::ranges::stable_sort(findings, {}, [](const Finding& finding) {
    return std::pair(rank(finding), finding.rule != "static-type-object");
  });
  std::vector<Finding> joined;
  // Where a finding may be found again: under its names and its address.
  // Only findings of one module meet, so the module is part of the key: every module of an environment may use the same
  // function.
  using Index = std::multimap<std::pair<std::string, std::string>, std::size_t>;
  Index index;
  // The names of what a file's linker names tell apart: mypyc puts a static `parser` into each of twelve thousand
  // functions, and none of these meets another one.
  Index told_apart;
  const auto add = [&](Finding&& finding) {
    const model::Subject& subject = finding.subject;
    const std::string module = last_component(finding.module);
    Index& names = from_source(finding) || subject.linkage_name.empty() ? index : told_apart;
    if (!subject.name.empty()) names.emplace(std::pair(subject.name, module), joined.size());
    for (const std::string& key : {subject.linkage_name, subject.address}) {
      if (!key.empty()) index.emplace(std::pair(key, module), joined.size());
    }
    joined.push_back(std::move(finding));
  };
  for (Finding& finding : findings) {
    if (from_source(finding)) {
      add(std::move(finding));
      continue;
    }
    const bool variable = about_variable(finding);
    std::set<std::size_t> candidates;
    const auto look_up = [&](const Index& in, const std::string& key) {
      const auto [first, last] = in.equal_range(std::pair(key, last_component(finding.module)));
      for (auto it = first; it != last; ++it) candidates.insert(it->second);
    };
    const model::Subject& subject = finding.subject;
    for (const std::string& key : {subject.name, subject.linkage_name, subject.address}) look_up(index, key);
    if (subject.linkage_name.empty()) look_up(told_apart, subject.name);
    std::vector<std::size_t> homes;
    for (const std::size_t i : candidates) {
      const bool meets = variable ? about_variable(joined[i]) : joined[i].rule == finding.rule;
      if (!meets) continue;
      const bool same_place = !finding.subject.address.empty() && joined[i].module == finding.module &&
                              joined[i].subject.address == finding.subject.address;
      if (same_place || same_subject(joined[i], finding)) homes.push_back(i);
    }
    // The linker's name tells members of one name apart: Solver::TypeObject, Term::TypeObject.
    const auto same_name = [&](std::size_t i) {
      const std::string& name = joined[i].subject.linkage_name;
      return !name.empty() && name == finding.subject.linkage_name;
    };
    if (std::ranges::any_of(homes, same_name)) {
      std::erase_if(homes, [&](std::size_t i) { return from_source(joined[i]) && !same_name(i); });
    }
    // Two source variables of one name: where no line tells which of them this is, it stays alone.
    const auto sources = [&] {
      return std::ranges::count_if(homes, [&](std::size_t i) { return from_source(joined[i]); });
    };
    if (variable && sources() > 1) {
      std::erase_if(homes, [&](std::size_t i) { return from_source(joined[i]) && !same_line(joined[i], finding); });
      if (sources() != 1) homes.clear();
    }
    if (homes.empty()) {
      add(std::move(finding));
      continue;
    }
    for (const std::size_t home : homes) absorb(joined[home], finding, source_is_whole);
  }
  return joined;
}

}  // namespace isoaudit::rules
