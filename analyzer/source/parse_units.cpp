#include "analyzer/source/parse_units.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "analyzer/source/parse_together.h"
#include "analyzer/source/prefix_tree.h"
#include "analyzer/source/unit_record.h"
#include "analyzer/workers/family.h"
#include "analyzer/workers/result_board.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t cache_size = std::uint64_t{512} << 20;
constexpr std::size_t no_unit = static_cast<std::size_t>(-1);

/// The processes that parse `units`. Nothing here outlives them but what stands on the boards.
class ParseProcesses {
 public:
  ParseProcesses(const std::vector<CompileCommand>& commands, const ProjectFiles& project, const ParseOptions& options,
                 FactsCache& cache, unsigned jobs, const std::vector<std::size_t>& units)
      : commands_(commands),
        project_(project),
        options_(options),
        cache_(cache),
        permits_(jobs),
        units_(units),
        results_(commands.size()),
        losses_(commands.size()),
        troubles_(commands.size()) {}

  /// Why nothing can be parsed; empty when it can.
  std::string error() const {
    for (const ResultBoard* board : {&results_, &losses_, &troubles_}) {
      if (!board->error().empty()) return board->error();
    }
    return {};
  }

  /// `done` hears of each unit that was delivered.
  void run(const std::function<void()>& done) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
      close(ends[0]);
      signal_ = ends[1];
      become_worker(parent, options_.limits.seconds, options_.limits.memory);
      prepare_clang();
      lead();
    }
    close(ends[1]);
    // Every process holds the other end: it is at its end when all are.
    char bytes[256];
    while (pid > 0) {
      const ssize_t got = read(ends[0], bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      for (ssize_t i = 0; i < got; ++i) done();
    }
    close(ends[0]);
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }

  UnitFacts facts_of(std::size_t unit) const {
    UnitFacts facts;
    if (results_.has(unit) && from_bytes(results_.get(unit), facts)) return facts;
    facts = {};
    facts.unit.file = project_.display(commands_[unit].file);
    const std::string loss = losses_.has(unit) ? losses_.get(unit) : "did not get to it";
    facts.gaps.push_back({facts.unit.file, "Clang " + loss});
    return facts;
  }

  std::string trouble() const {
    for (const std::size_t unit : units_) {
      if (troubles_.has(unit)) return troubles_.get(unit);
    }
    return {};
  }

 private:
  /// The first process: hands out the groups, then the units that a group could not deliver.
  [[noreturn]] void lead() {
    Children children(permits_, [&](std::size_t unit, int status) {
      if (unit != no_unit && !results_.has(unit)) {
        losses_.put(unit, loss_text(status, options_.limits.seconds, options_.limits.memory));
      }
    });
    for (const UnitGroup& group : group_units(commands_, units_, project_)) {
      const bool alone = group.units == 1;
      const std::size_t unit = alone ? group.root.units.front().unit : no_unit;
      if (!children.fork(unit)) continue;
      if (alone) parse_alone(unit);
      parse_group(group);
    }
    children.wait_for_all();
    for (const std::size_t unit : units_) {
      if (results_.has(unit) || losses_.has(unit)) continue;
      if (children.fork(unit)) parse_alone(unit);
    }
    children.wait_for_all();
    _exit(0);
  }

  [[noreturn]] void parse_alone(std::size_t unit) {
    const llvm::IntrusiveRefCntPtr<RecordedFiles> files(new RecordedFiles);
    const UnitFacts facts = parse_unit(commands_[unit], project_, options_, files);
    deliver(unit, facts, *files);
    _exit(0);
  }

  [[noreturn]] void parse_group(const UnitGroup& group) {
    std::optional<Children> children;
    const auto nobody = [](std::size_t, int) {};
    children.emplace(permits_, nobody);
    parse_together(group, {
                              .commands = commands_,
                              .project = project_,
                              .options = options_,
                              .fork = [&] { return children->fork(no_unit); },
                              .wait = [&] { children->wait_for_all(); },
                              .parted = [&](RecordedFiles& files) { keep_shared(files); },
                              .deliver = [&](std::size_t unit, const UnitFacts& facts,
                                             RecordedFiles& files) { deliver(unit, facts, files); },
                          });
  }

  void keep_shared(RecordedFiles& files) {
    if (!cache_.on()) return;
    const std::vector<Lookup> lookups = files.take();
    if (!lookups.empty()) shared_.push_back(cache_.keep_shared(lookups));
  }

  void deliver(std::size_t unit, const UnitFacts& facts, RecordedFiles& files) {
    if (cache_.on()) {
      std::vector<Lookup> own = files.take();
      if (!files.contradicts_itself() && cache_.trouble().empty()) {
        cache_.keep(commands_[unit], facts, shared_, std::move(own));
      }
      if (!cache_.trouble().empty()) troubles_.put(unit, cache_.trouble());
    }
    results_.put(unit, to_bytes(facts));
    const char done = '.';
    [[maybe_unused]] const ssize_t told = write(signal_, &done, 1);
  }

  const std::vector<CompileCommand>& commands_;
  const ProjectFiles& project_;
  const ParseOptions& options_;
  FactsCache& cache_;
  WorkPermits permits_;
  const std::vector<std::size_t>& units_;
  ResultBoard results_;
  ResultBoard losses_;
  ResultBoard troubles_;
  /// Of this process: the sets of lookups above it.
  std::vector<std::string> shared_{};
  int signal_ = -1;
};

}  // namespace

ParsedUnits parse_units(const std::vector<CompileCommand>& commands, const ProjectFiles& project,
                        const ParseOptions& options, FactsCache& cache, unsigned jobs,
                        const std::function<void(std::size_t, std::size_t)>& progress) {
  ParsedUnits parsed;
  parsed.facts.resize(commands.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (std::optional<UnitFacts> facts = cache.find(commands[i])) {
      parsed.facts[i] = *std::move(facts);
      ++parsed.cached;
    } else {
      missing.push_back(i);
    }
  }
  if (missing.empty()) return parsed;
  std::size_t done = parsed.cached;
  ParseProcesses processes(commands, project, options, cache, jobs, missing);
  if (const std::string error = processes.error(); !error.empty()) {
    for (const std::size_t unit : missing) {
      parsed.facts[unit].unit.file = project.display(commands[unit].file);
      parsed.facts[unit].gaps.push_back({project.display(commands[unit].file), "was not parsed: " + error});
    }
    return parsed;
  }
  processes.run([&] {
    if (progress) progress(++done, commands.size());
  });
  for (const std::size_t unit : missing) parsed.facts[unit] = processes.facts_of(unit);
  parsed.cache_trouble = processes.trouble();
  cache.trim(cache_size);
  return parsed;
}

}  // namespace isoaudit::analyzer
