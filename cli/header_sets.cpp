#include "cli/header_sets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

namespace isoaudit::cli {
namespace {

void append(std::vector<std::string>& to, const std::vector<std::string>& names) {
  to.insert(to.end(), names.begin(), names.end());
}

}  // namespace

std::vector<HeaderSet> header_sets(const Options& options, const std::vector<model::Interpreter>& pythons) {
  std::vector<HeaderSet> sets;
  const bool asked = !options.pythons.empty();
  for (const model::Interpreter& python : pythons) {
    const auto known = asked ? std::ranges::find(sets, python.include_dir, &HeaderSet::folder) : sets.begin();
    if (known != sets.end()) {
      known->pythons.push_back(python.id);
    } else {
      sets.push_back({python.include_dir, asked, {python.id}});
    }
  }
  if (sets.empty()) sets.emplace_back();
  return sets;
}

std::vector<model::Gap> missing_headers(const std::vector<HeaderSet>& sets) {
  std::vector<model::Gap> gaps;
  for (const HeaderSet& set : sets) {
    if (!set.asked_for || !set.folder.empty()) continue;
    for (const std::string& python : set.pythons) {
      gaps.push_back({"--python " + python,
                      "its Python.h is not installed: sources were read with the headers that their commands name"});
    }
  }
  return gaps;
}

void put_sources(std::vector<ReadWith> read, model::Facts& facts) {
  std::map<model::Gap, std::vector<std::string>> gaps;
  std::map<model::Gap, std::size_t> sets;
  std::vector<model::SourceView> views;
  for (ReadWith& with : read) {
    for (const std::string& note : with.notes) {
      if (std::ranges::find(facts.notes, note) == facts.notes.end()) facts.notes.push_back(note);
    }
    std::ranges::sort(with.gaps);
    with.gaps.erase(std::unique(with.gaps.begin(), with.gaps.end()), with.gaps.end());
    for (const model::Gap& gap : with.gaps) {
      append(gaps[gap], with.pythons);
      ++sets[gap];
    }
    const auto same = std::ranges::find(views, with.facts, &model::SourceView::facts);
    if (same != views.end()) {
      append(same->pythons, with.pythons);
    } else {
      views.push_back({std::move(with.pythons), std::move(with.facts)});
    }
  }
  for (auto& [gap, pythons] : gaps) {
    facts.gaps.push_back(gap);
    if (sets[gap] < read.size()) facts.gaps.back().reason += fmt::format(" (Python {})", fmt::join(pythons, ", "));
  }
  if (views.size() == 1) {
    facts.source = std::move(views.front().facts);
  } else {
    facts.source_views = std::move(views);
  }
}

}  // namespace isoaudit::cli
