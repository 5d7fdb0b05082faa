#include "analyzer/source/call_graph.h"

#include <algorithm>
#include <deque>

#include "analyzer/source/function_ids.h"

namespace isoaudit::analyzer {
namespace {

using model::RunsWhen;

void sort_unique(std::vector<std::size_t>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

CallGraph::CallGraph(const std::vector<UnitFacts>& units) {
  add_functions(units);
  std::map<RunsWhen, Starts> starts;
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    for (const EntryIntoCode& entry : units[unit].entries) {
      const auto known = by_id_.find(program_id(unit, entry.function));
      if (known != by_id_.end()) starts[entry.when].try_emplace(known->second, entry.how);
    }
    // Calls may be missing from a unit that could not be read whole.
    if (units[unit].gaps.empty()) continue;
    for (const FunctionFacts& function : units[unit].functions) {
      starts[RunsWhen::call].try_emplace(node(program_id(unit, function.id)), "a unit that could not be read whole");
    }
  }
  for (const auto& [when, functions] : starts) spread(when, functions);
  spread_further();
  spread_from_outside();
}

std::size_t CallGraph::node(const std::string& id) {
  const auto [known, is_new] = by_id_.try_emplace(id, nodes_.size());
  if (is_new) nodes_.emplace_back();
  return known->second;
}

void CallGraph::add_functions(const std::vector<UnitFacts>& units) {
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    for (const FunctionFacts& function : units[unit].functions) {
      const std::size_t at = node(program_id(unit, function.id));
      nodes_[at].name = function.name;
      nodes_[at].only_here &= function.only_here;
      by_name_[{unit, function.name}].push_back(at);
    }
  }
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    for (const FunctionFacts& function : units[unit].functions) {
      Node& caller = nodes_[by_id_.at(program_id(unit, function.id))];
      const auto add = [&](std::vector<std::size_t>& to, const std::vector<std::string>& ids) {
        for (const std::string& id : ids) {
          const auto known = by_id_.find(program_id(unit, id));
          if (known != by_id_.end()) to.push_back(known->second);
        }
      };
      add(caller.calls, function.calls);
      add(caller.main_calls, function.main_calls);
      add(caller.last_calls, function.last_calls);
      add(caller.hands_out, function.hands_out);
    }
  }
  for (Node& node : nodes_) {
    for (auto* list : {&node.calls, &node.main_calls, &node.last_calls, &node.hands_out}) sort_unique(*list);
  }
}

void CallGraph::spread(RunsWhen when, const Starts& starts) {
  std::deque<std::size_t> open;
  for (const auto& [at, how] : starts) {
    if (nodes_[at].reached.try_emplace(when, Step{at, how}).second) open.push_back(at);
  }
  while (!open.empty()) {
    const std::size_t at = open.front();
    open.pop_front();
    for (const std::size_t callee : nodes_[at].calls) {
      if (nodes_[callee].reached.try_emplace(when, Step{at, {}}).second) open.push_back(callee);
    }
  }
}

void CallGraph::spread_further() {
  // Each round may reach functions that call or hand out more.
  while (true) {
    std::map<RunsWhen, Starts> starts;
    for (const Node& giver : nodes_) {
      if (giver.reached.empty()) continue;
      const auto reach = [&](const std::vector<std::size_t>& functions, RunsWhen when, const char* how) {
        for (const std::size_t function : functions) {
          if (nodes_[function].reached.contains(when)) continue;
          starts[when].try_emplace(function, how + giver.name + "()");
        }
      };
      reach(giver.main_calls, RunsWhen::main_interpreter, "the main interpreter alone → ");
      reach(giver.last_calls, RunsWhen::process, "the process ends in ");
      reach(giver.hands_out, RunsWhen::call, "handed out by ");
    }
    if (starts.empty()) return;
    for (const auto& [when, functions] : starts) spread(when, functions);
  }
}

void CallGraph::spread_from_outside() {
  std::vector<bool> is_called(nodes_.size(), false);
  for (const Node& node : nodes_) {
    for (const auto* list : {&node.calls, &node.main_calls, &node.last_calls}) {
      for (const std::size_t callee : *list) is_called[callee] = true;
    }
  }
  // First what nobody calls, then what only a circle of functions calls.
  for (const bool called : {false, true}) {
    for (std::size_t at = 0; at < nodes_.size(); ++at) {
      if (nodes_[at].only_here || !nodes_[at].reached.empty() || is_called[at] != called) continue;
      spread(RunsWhen::call, {{at, "other code"}});
      spread_further();
    }
  }
}

std::string CallGraph::path_to(std::size_t at, RunsWhen when) const {
  std::string path;
  while (true) {
    const Step& step = nodes_[at].reached.at(when);
    path.insert(0, " → " + nodes_[at].name + "()");
    if (step.from == at) return step.how + path;
    at = step.from;
  }
}

std::vector<model::Reached> CallGraph::reached(std::size_t unit, const std::string& function) const {
  const auto known = by_name_.find({unit, function});
  if (known == by_name_.end()) return {};
  std::map<RunsWhen, std::string> times;  // overloads share a name
  for (const std::size_t at : known->second) {
    for (const auto& [when, step] : nodes_[at].reached) times.try_emplace(when, path_to(at, when));
  }
  if (times.empty()) return {{RunsWhen::never, ""}};
  std::vector<model::Reached> rows;
  for (const auto& [when, path] : times) rows.push_back({when, path});
  return rows;
}

}  // namespace isoaudit::analyzer
