#include "cli/inspect_binaries.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "analyzer/archive/read_archive.h"
#include "analyzer/binary/collect_binary.h"
#include "analyzer/code/collect_code.h"
#include "analyzer/image/image.h"
#include "analyzer/image/mapped_file.h"
#include "cli/host_machine.h"
#include "cli/parallel.h"
#include "rules/declarations.h"

namespace isoaudit::cli {

using model::BinaryFacts;
using model::Facts;
using model::Gap;

namespace {

model::CodeFacts code_of(const analyzer::BinaryTarget& target,
                         const std::shared_ptr<const analyzer::MappedFile>& held) {
  if (held == nullptr) return analyzer::collect_code(target.path);
  const analyzer::ImageResult read = analyzer::read_image(held);
  if (!read.image) return {.read = false, .why_not = read.error};
  return analyzer::collect_code(*read.image);
}

}  // namespace

void inspect_binaries(const Options& options, const analyzer::Targets& targets, Facts& facts, Progress& progress) {
  struct Slot {
    std::optional<BinaryFacts> facts{};
    std::vector<BinaryFacts> other_slices{};
    std::vector<Gap> gaps{};
  };
  std::vector<Slot> slots(targets.binaries.size());
  const std::string machine = host_machine();
  const auto inspect = [&](std::size_t i, const std::shared_ptr<const analyzer::MappedFile>& held) {
    const analyzer::BinaryTarget& target = targets.binaries[i];
    progress.show("inspect: " + target.module);
    analyzer::BinaryResult result = analyzer::collect_binary({target.path, target.module, target.import_root, held});
    if (result.facts) {
      result.facts->named = target.named;
      result.facts->abi_tag = target.abi_tag;
      const bool runs_here = result.facts->format == model::BinaryFormat::elf && result.facts->arch == machine;
      for (const model::Interpreter& python : facts.pythons) {
        // A column without an interpreter stands for its version on every platform.
        if ((runs_here || python.executable.empty()) && analyzer::importable_by(target, python)) {
          result.facts->importable_by.push_back(python.id);
        }
      }
      if (rules::declares_own_gil(*result.facts)) result.facts->code = code_of(target, held);
      for (BinaryFacts& slice : result.other_slices) {
        slice.named = target.named;
        slice.abi_tag = target.abi_tag;
      }
      slots[i].facts = std::move(result.facts);
      slots[i].other_slices = std::move(result.other_slices);
    }
    // A shared library beside the modules of a folder is nothing to complain of; one that was named by itself is.
    if (!result.not_an_extension || target.named) slots[i].gaps = std::move(result.gaps);
  };
  // Files by themselves; the members of an archive together, so that it is read once.
  std::map<std::string, std::map<std::string, std::size_t>> archives;
  std::vector<std::size_t> files;
  for (std::size_t i = 0; i < targets.binaries.size(); ++i) {
    const analyzer::BinaryTarget& target = targets.binaries[i];
    if (target.archive.empty()) {
      files.push_back(i);
    } else {
      archives[target.archive][target.member] = i;
    }
  }
  parallel(files.size(), options.jobs, [&](std::size_t i) { inspect(files[i], nullptr); });
  std::vector<std::pair<std::string, std::map<std::string, std::size_t>>> packed(archives.begin(), archives.end());
  std::vector<std::vector<Gap>> unread(packed.size());
  parallel(packed.size(), options.jobs, [&](std::size_t n) {
    const auto& [archive, members] = packed[n];
    std::vector<std::string> wanted;
    for (const auto& [member, i] : members) wanted.push_back(member);
    const auto take = [&, &in = members](const std::string& member, std::string bytes) {
      inspect(in.at(member), analyzer::hold_bytes(std::move(bytes)));
    };
    unread[n] = analyzer::read_members(archive, wanted, take, options.archive_limits);
  });
  for (std::vector<Gap>& gaps : unread) std::ranges::move(gaps, std::back_inserter(facts.gaps));
  for (Slot& slot : slots) {
    if (slot.facts) facts.binaries.push_back(std::move(*slot.facts));
    std::ranges::move(slot.other_slices, std::back_inserter(facts.binaries));
    facts.gaps.insert(facts.gaps.end(), slot.gaps.begin(), slot.gaps.end());
  }
}

}  // namespace isoaudit::cli
