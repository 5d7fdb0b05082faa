#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/code/code_graph.h"
#include "model/write_words.h"

namespace isoaudit::analyzer {

/// When each function of an image runs, in the words of the source pass. Whatever is not understood may be called:
/// `never` is said only of a whole function to which nothing refers.
class Phases {
 public:
  Phases(const ModuleCode& code, const CodeGraph& graph);

  /// One row for each time, sorted, with a shortest way that leads there; never empty.
  std::vector<model::Reached> reached(std::size_t function) const;

 private:
  /// How a function was first reached at some time: from another one, or, `from` being itself, by itself.
  struct Step {
    std::uint32_t from = 0;
    /// The first function on the way.
    std::uint32_t start = 0;
  };
  using Starts = std::vector<std::pair<std::uint32_t, std::string>>;
  static constexpr std::size_t times = static_cast<std::size_t>(model::RunsWhen::finalise) + 1;

  void enter();
  void enter_exported();
  void enter_unseen();
  void spread(model::RunsWhen when, const Starts& starts, bool with_callees = true);
  void spread_further();
  bool is_reached(std::uint32_t function, model::RunsWhen when) const;
  /// In no way that keeps running after the library is loaded.
  bool is_quiet(std::uint32_t function) const;
  bool may_be_unused(std::uint32_t function) const;
  std::string shown(std::uint32_t function) const;
  std::string path_to(std::uint32_t function, model::RunsWhen when) const;

  const ModuleCode& code_;
  const CodeGraph& graph_;
  std::array<std::vector<Step>, times> steps_{};
  std::map<std::pair<model::RunsWhen, std::uint32_t>, std::string> starts_{};
  /// Functions that were reached and whose further consequences were not looked at.
  std::vector<std::uint32_t> fresh_{};
  std::vector<bool> seen_{};
  /// Exceptions are caught here: the unwinder leads to code that nothing else does.
  bool unwinds_ = false;
};

}  // namespace isoaudit::analyzer
