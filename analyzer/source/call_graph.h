#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/source/unit_facts.h"

namespace isoaudit::analyzer {

/// Who calls whom over all units, and so when each function runs.
class CallGraph {
 public:
  explicit CallGraph(const std::vector<UnitFacts>& units);

  /// When the function runs, one row for each answer, sorted; empty when nothing is known of it: a template, a virtual
  /// method, an initialiser.
  std::vector<model::Reached> reached(std::size_t unit, const std::string& function) const;

 private:
  /// How a function was first reached at some time: from another one, or by itself.
  struct Step {
    std::size_t from = 0;
    std::string how{};
  };
  struct Node {
    std::string name{};
    bool only_here = true;
    std::vector<std::size_t> calls{};
    std::vector<std::size_t> main_calls{};
    std::vector<std::size_t> last_calls{};
    std::vector<std::size_t> hands_out{};
    std::map<model::RunsWhen, Step> reached{};
  };
  using Starts = std::map<std::size_t, std::string>;

  std::size_t node(const std::string& id);
  void add_functions(const std::vector<UnitFacts>& units);
  void spread(model::RunsWhen when, const Starts& starts);
  /// Calls that are made in the main interpreter alone, or on the way out, and functions that were handed out.
  void spread_further();
  /// What is called by nobody in the program may be called from outside, unless no other unit can name it.
  void spread_from_outside();
  std::string path_to(std::size_t at, model::RunsWhen when) const;

  std::vector<Node> nodes_{};
  std::unordered_map<std::string, std::size_t> by_id_{};
  std::map<std::pair<std::size_t, std::string>, std::vector<std::size_t>> by_name_{};
};

}  // namespace isoaudit::analyzer
