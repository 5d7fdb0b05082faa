#include "cli/inspect_binaries.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/code/collect_code.h"
#include "cli/host_machine.h"
#include "cli/parallel.h"
#include "rules/declarations.h"

namespace isoaudit::cli {

using model::BinaryFacts;
using model::Facts;
using model::Gap;

void inspect_binaries(const Options& options, const analyzer::Targets& targets, Facts& facts, Progress& progress) {
  struct Slot {
    std::optional<BinaryFacts> facts{};
    std::vector<BinaryFacts> other_slices{};
    std::vector<Gap> gaps{};
  };
  std::vector<Slot> slots(targets.binaries.size());
  const std::string machine = host_machine();
  parallel(slots.size(), options.jobs, [&](std::size_t i) {
    const analyzer::BinaryTarget& target = targets.binaries[i];
    progress.show("inspect: " + target.module);
    analyzer::BinaryResult result = analyzer::collect_binary({target.path, target.module, target.import_root});
    const bool named = target.named;
    if (result.facts) {
      result.facts->named = named;
      result.facts->abi_tag = target.abi_tag;
      const bool runs_here = result.facts->format == model::BinaryFormat::elf && result.facts->arch == machine;
      for (const model::Interpreter& python : facts.pythons) {
        // A column without an interpreter stands for its version on every platform.
        if ((runs_here || python.executable.empty()) && analyzer::importable_by(target, python))
          result.facts->importable_by.push_back(python.id);
      }
      if (rules::declares_own_gil(*result.facts)) result.facts->code = analyzer::collect_code(target.path);
      for (BinaryFacts& slice : result.other_slices) {
        slice.named = named;
        slice.abi_tag = target.abi_tag;
      }
      slots[i].facts = std::move(result.facts);
      slots[i].other_slices = std::move(result.other_slices);
    }
    // A shared library beside the modules of a folder is nothing to complain of; one that was named by itself is.
    if (!result.not_an_extension || named) slots[i].gaps = std::move(result.gaps);
  });
  for (Slot& slot : slots) {
    if (slot.facts) facts.binaries.push_back(std::move(*slot.facts));
    std::ranges::move(slot.other_slices, std::back_inserter(facts.binaries));
    facts.gaps.insert(facts.gaps.end(), slot.gaps.begin(), slot.gaps.end());
  }
}

}  // namespace isoaudit::cli
