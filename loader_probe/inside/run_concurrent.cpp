// N interpreters at once: each in a thread of its own, meeting at barriers so that they import at the same moment.
#include <barrier>
#include <thread>
#include <vector>

#include "loader_probe/inside/collect_objects.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/levels.h"
#include "loader_probe/inside/meeting.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {
namespace {

// A worker goes through every meeting point whatever happens to it: one that stays away would hang the others, and the
// module would be blamed.
void work(const Config& config, Kind kind, std::barrier<>& meeting, Meeting& before_exec, unsigned round,
          bool last_round, Interpreter& mine) {
  std::string error;
  step(events::step_create, 0, round);
  mine = Interpreter::create(kind, config, error);
  const bool made = error.empty();
  if (!made) Event(events::not_possible).text("text", error);

  if (made) {
    mine.meet_before_exec(config, before_exec);
    Interpreter::leave();
  }
  // All are there. Without evidence they meet before exec alone: what a module's packages do until then runs while
  // other interpreters are still made.
  if (config.evidence) meeting.arrive_and_wait();
  if (made) {
    mine.enter();
    mine.import_audited(config, round);
    Interpreter::leave();
  }
  if (!mine.met()) before_exec.stay_away();
  meeting.arrive_and_wait();  // all have it
  if (made) {
    mine.enter();
    mine.exercise(config);
    Interpreter::leave();
  }
  if (config.evidence) {
    meeting.arrive_and_wait();  // quiet: the controlling thread may look
    if (last_round) meeting.arrive_and_wait();
  }
  if (!made) return;
  // No meeting here: some end while others still use the module.
  mine.enter();
  if (round % 2 == 1) mine.exercise(config);
  mine.destroy();
}

}  // namespace

void run_concurrent(const Config& config, Kind kind, Interpreter& main) {
  Watched watched(config.path, config.root, config.module);
  for (unsigned round = 0; round < config.rounds; ++round) {
    const bool last = round + 1 == config.rounds;
    std::barrier<> meeting(config.interpreters + 1);
    Meeting before_exec(config.interpreters);
    std::vector<Interpreter> interpreters(config.interpreters);
    std::vector<std::thread> threads;
    threads.reserve(interpreters.size());
    for (Interpreter& one : interpreters) {
      threads.emplace_back([&] { work(config, kind, meeting, before_exec, round, last, one); });
    }
    if (!config.evidence) {
      main.enter();
      Interpreter::compile_helper_ahead();
      Interpreter::leave();
    }
    // All are there, all have it, quiet; or the second of these alone.
    for (int met = 0; met < (config.evidence ? 3 : 1); ++met) meeting.arrive_and_wait();
    if (last && config.evidence) {
      std::vector<const Interpreter*> live = {&main};
      for (const Interpreter& one : interpreters) {
        if (one.module()) live.push_back(&one);
      }
      if (live.size() > 1) {
        scan_ownership(live, watched);
        watched.report_definitions();
      }
      meeting.arrive_and_wait();
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace isoaudit::inside
