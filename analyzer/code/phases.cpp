#include "analyzer/code/phases.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "analyzer/code/place_name.h"

namespace isoaudit::analyzer {
namespace {

using model::RunsWhen;

constexpr std::uint32_t nobody = ~std::uint32_t{0};

/// A way through more functions is shown by its beginning and its end.
constexpr std::size_t most_shown = 6, shown_at_the_end = 3;

/// The edges of one function.
std::span<const std::pair<std::uint32_t, std::uint32_t>> from(const CodeGraph::Edges& edges, std::uint32_t function) {
  const auto first = std::ranges::lower_bound(edges, std::pair(function, std::uint32_t{0}));
  auto last = first;
  while (last != edges.end() && last->first == function) ++last;
  return {first, last};
}

}  // namespace

Phases::Phases(const ModuleCode& code, const CodeGraph& graph)
    : code_(code),
      graph_(graph),
      seen_(code.functions().size(), false),
      unwinds_(code.image().section_named(".gcc_except_table") != nullptr) {
  enter();
  spread_further();
  enter_exported();
  enter_unseen();
}

/// First what Python and the loader are known to call: a way from there tells most.
void Phases::enter() {
  for (const bool certain : {true, false}) {
    std::map<RunsWhen, Starts> starts;
    for (const EntryIntoFunction& entry : graph_.entries()) {
      if (entry.certain != certain) continue;
      starts[entry.when].emplace_back(static_cast<std::uint32_t>(entry.function), entry.how);
    }
    for (const auto& [when, functions] : starts) spread(when, functions);
  }
}

/// An exported function that something in the file calls is there for that; else others may call it. What only the
/// loader is seen to lead to may be called by others as well, so that nothing is taken for quiet that is not.
void Phases::enter_exported() {
  std::vector<bool> called(seen_.size(), false);
  for (const auto& [caller, callee] : graph_.calls()) called[callee] = called[callee] || caller != callee;
  for (const bool by_others : {false, true}) {
    Starts starts;
    for (const std::size_t function : graph_.exported()) {
      const auto number = static_cast<std::uint32_t>(function);
      if (called[function] == by_others && is_quiet(number)) starts.emplace_back(number, "other code");
    }
    spread(RunsWhen::call, starts);
    spread_further();
  }
}

void Phases::enter_unseen() {
  // Functions that only Windows' unwinder runs are named in its tables alone; what they call belongs to the function
  // that they are a part of, whose own calls and phases are known.
  const bool with_callees = code_.image().format != model::BinaryFormat::pe;
  Starts starts;
  for (std::uint32_t i = 0; i < seen_.size(); ++i) {
    if (!seen_[i] && !may_be_unused(i)) starts.emplace_back(i, "code that nothing is seen to call");
  }
  spread(RunsWhen::call, starts, with_callees);
  if (with_callees) spread_further();
}

void Phases::spread(RunsWhen when, const Starts& starts, bool with_callees) {
  if (starts.empty()) return;
  std::vector<Step>& steps = steps_[static_cast<std::size_t>(when)];
  steps.resize(seen_.size(), {nobody, nobody});
  std::vector<std::uint32_t> open;
  const auto reach = [&](std::uint32_t function, Step step) {
    if (steps[function].from != nobody) return false;
    steps[function] = step;
    open.push_back(function);
    if (!seen_[function]) fresh_.push_back(function);
    seen_[function] = true;
    return true;
  };
  for (const auto& [function, how] : starts) {
    if (reach(function, {function, function})) starts_.emplace(std::pair(when, function), how);
  }
  for (std::size_t next = 0; with_callees && next < open.size(); ++next) {
    const std::uint32_t caller = open[next];
    for (const auto& edge : from(graph_.calls(), caller)) reach(edge.second, {caller, steps[caller].start});
  }
}

/// What functions that run hand out may be called at any time.
void Phases::spread_further() {
  while (!fresh_.empty()) {
    const std::vector<std::uint32_t> givers = std::move(fresh_);
    fresh_.clear();
    Starts handed_out, at_exit;
    for (const std::uint32_t giver : givers) {
      std::string by;
      for (const auto& edge : from(graph_.takes(), giver)) {
        if (is_reached(edge.second, RunsWhen::call)) continue;
        if (by.empty()) by = "handed out by " + shown(giver);
        handed_out.emplace_back(edge.second, by);
      }
      for (const auto& edge : from(graph_.at_exit(), giver)) {
        if (!is_reached(edge.second, RunsWhen::process)) {
          at_exit.emplace_back(edge.second, "the process ends, as asked by " + shown(giver));
        }
      }
    }
    spread(RunsWhen::process, at_exit);
    spread(RunsWhen::call, handed_out);
  }
}

bool Phases::is_reached(std::uint32_t function, RunsWhen when) const {
  const std::vector<Step>& steps = steps_[static_cast<std::size_t>(when)];
  return !steps.empty() && steps[function].from != nobody;
}

bool Phases::is_quiet(std::uint32_t function) const {
  return std::ranges::none_of(std::initializer_list<RunsWhen>{RunsWhen::hook, RunsWhen::exec, RunsWhen::call,
                                                              RunsWhen::finalise, RunsWhen::main_interpreter},
                              [&](RunsWhen when) { return is_reached(function, when); });
}

/// That nothing leads to it is certain where nothing is hidden: a whole function, all code decoded. Without a name it
/// may be a part of one: then its function's branches and tables of jumps lead there, which are followed on x86-64, and
/// in C++ the unwinder.
bool Phases::may_be_unused(std::uint32_t function) const {
  const Image& image = code_.image();
  const FunctionRange& range = code_.functions()[function];
  if (image.format == model::BinaryFormat::pe || graph_.has_holes()) return false;
  if (image.has_symbol_table) return !range.name.empty() && !is_part_name(range.name);
  return image.format == model::BinaryFormat::elf && image.machine == Machine::x86_64 && range.unwound && !unwinds_;
}

std::string Phases::shown(std::uint32_t function) const {
  const std::string name = code_.shown_name(function);
  return name.ends_with(')') ? name : name + "()";
}

std::string Phases::path_to(std::uint32_t function, RunsWhen when) const {
  const std::vector<Step>& steps = steps_[static_cast<std::size_t>(when)];
  const std::uint32_t start = steps[function].start;
  std::vector<std::uint32_t> way{function};  // backwards
  while (way.back() != start && way.size() < most_shown) way.push_back(steps[way.back()].from);
  std::string path = starts_.at({when, start});
  if (way.back() != start) {
    path += " → " + shown(start) + " → …";
    way.resize(shown_at_the_end);
  }
  for (auto step = way.rbegin(); step != way.rend(); ++step) path += " → " + shown(*step);
  return path;
}

std::vector<model::Reached> Phases::reached(std::size_t function) const {
  const auto number = static_cast<std::uint32_t>(function);
  std::vector<model::Reached> rows;
  for (std::size_t time = 0; time < times; ++time) {
    const auto when = static_cast<RunsWhen>(time);
    if (is_reached(number, when)) rows.push_back({when, path_to(number, when)});
  }
  if (rows.empty()) rows.push_back({RunsWhen::never, ""});
  return rows;
}

}  // namespace isoaudit::analyzer
