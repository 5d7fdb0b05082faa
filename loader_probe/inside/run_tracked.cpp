// Who writes to the module's memory, instruction by instruction: two interpreters in one thread, as in run_pair, with
// nothing between the steps that could write there itself.
#include <dlfcn.h>

#include <array>

#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/levels.h"
#include "loader_probe/inside/segments.h"
#include "loader_probe/inside/write_tracking.h"

namespace isoaudit::inside {

void run_tracked(const Config& config, Kind kind) {
  const std::string why_not = write_tracking::start();
  if (!why_not.empty()) {
    Event(events::untracked).text("text", why_not);
    return;
  }
  Watched watched(config.path, config.root, config.module);
  step(events::step_load, 0, 0);
  dlopen(config.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  watched.refresh();

  // The step that is announced stands before the pages are closed: writing it out is no business of the module.
  const auto track = [&](Interpreter& one, const char* what, auto&& act) {
    const std::int64_t id = one.id();
    one.enter();
    write_tracking::begin_step(watched);
    act();
    write_tracking::end_step(watched, what, id);
    watched.refresh();
  };
  std::array<Interpreter, 2> pair;
  for (Interpreter& one : pair) {
    std::string error;
    step(events::step_create, 0, 0);
    one = Interpreter::create(kind, config, error);
    if (!error.empty()) {
      Event(events::not_possible).text("text", error);
      return;
    }
    Interpreter::leave();
    track(one, events::step_import, [&] {
      one.import_audited(config, 0);
      Interpreter::leave();
    });
  }
  for (Interpreter& one : pair) {
    if (!one.module()) continue;
    track(one, events::step_exercise, [&] {
      one.exercise(config);
      Interpreter::leave();
    });
  }
  watched.report_definitions();
  for (Interpreter& one : pair) {
    track(one, events::step_destroy, [&] { one.destroy(); });
  }
}

}  // namespace isoaudit::inside
